"""Copies of the repository in which something is tried that the checkout itself must never have in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

LINKED = (
    ".venv",
    "buildledger/dashboard_static",
    "dashboard/node_modules",
    "out/workers",
    "workers/node/dist",
    "workers/node/node_modules",
)
"""What set-up made and nobody changes: linked into each copy, not copied."""


def make_copy(root: Path, place: Path) -> Path:
    """Every file that git tracks or would track, as it is in the working tree, in an empty directory at `place`."""
    shutil.rmtree(place, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = root / name
        if source.is_file() and not source.is_symlink():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place / name)
            _copy_compiled(source, place / name)
    for name in LINKED:
        if (root / name).exists() and not (place / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).symlink_to((root / name).resolve())
    return place


def _copy_compiled(source: Path, target: Path) -> None:
    """Take over what Python and pytest compiled of a module: it counts until the copied module is changed."""
    if source.suffix == ".py":
        for compiled in (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"):
            (target.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy2(compiled, target.parent / "__pycache__" / compiled.name)


def environment(copy: Path) -> dict[str, str]:
    """The environment in which a copy's own code is imported, by its child processes too."""
    return {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{copy / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
