"""One cgroup v2 leaf per run, where a part of the hierarchy was delegated to the worker.

It is the only means that finds a process which left its session, cleared its environment and lost its parents. Without
delegation the worker does without.
"""

import contextlib
import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_MEMBERSHIP = Path("/proc/self/cgroup")


class Cgroup:
    """The leaf of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def create(parent: Path, name: str) -> "Cgroup":
        """Make a leaf below `parent`.

        Raises:
            OSError: not delegated.
        """
        leaf = parent / name
        leaf.mkdir()
        return Cgroup(leaf)

    def enter_command(self, argv: list[str]) -> list[str]:
        """`argv` behind a shell that first moves itself into the leaf, so that no child can be started outside it."""
        return ["/bin/sh", "-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', str(self.path), *argv]

    def members(self) -> list[int]:
        """Ids of the processes in the leaf; empty if it is gone."""
        try:
            return [int(pid) for pid in (self.path / "cgroup.procs").read_text(encoding="ascii").split()]
        except OSError:
            return []

    def kill(self) -> None:
        """Kill all of them at once, where the kernel can (5.14 and later)."""
        with contextlib.suppress(OSError):
            (self.path / "cgroup.kill").write_text("1", encoding="ascii")

    def remove(self) -> None:
        """Remove the leaf once it is empty; left alone otherwise."""
        with contextlib.suppress(OSError):
            self.path.rmdir()


def delegated() -> Path | None:
    """The worker's own cgroup, if its service manager delegated it."""
    try:
        mounts = [line.split() for line in _MOUNTS.read_text(encoding="utf-8").splitlines()]
        membership = _MEMBERSHIP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    mount = next((fields[4] for fields in mounts if "cgroup2" in fields), None)
    own = next((line[3:] for line in membership if line.startswith("0::")), None)
    if mount is None or own is None:
        return None
    path = Path(mount) / own.lstrip("/")
    try:
        return path if os.getxattr(path, "user.delegate") == b"1" else None
    except OSError:
        return None
