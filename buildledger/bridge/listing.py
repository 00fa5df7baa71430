"""Lists files of a build directory on a Buildbot worker's machine, and matches patterns.

The old protocol's own `glob` knows neither hidden files nor links, so `find` lists what there is, and patterns are
matched here as `worker.files.listing` does on its own disk.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator, Sequence

from buildledger.bridge.connection import Connection
from buildledger.bridge.remote import RemoteCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

# Of each kind: its letter, then the paths of that kind, each ended by a NUL: the given one, and all below it or not.
# Fails if a directory can't be read.
LIST = r"""
path=$1; shift
[ -L "$path" ] || [ -e "$path" ] || exit 0
failed=0
for kind in f d l; do printf '%s\0' "/$kind"; find "$path" "$@" -type "$kind" -print0 || failed=1; done
printf '%s\0' /o; find "$path" "$@" ! -type f ! -type d ! -type l -print0 || failed=1
exit "$failed"
"""
FLAT = ("-prune",)
MOST_LISTED_CHARACTERS = 32 << 20
"""Some 300,000 paths."""

_KINDS = {
    "/f": pb.FILE_TYPE_REGULAR,
    "/d": pb.FILE_TYPE_DIRECTORY,
    "/l": pb.FILE_TYPE_SYMLINK,
    "/o": pb.FILE_TYPE_OTHER,
}
_SPECIAL = re.compile(r"[*?[]")
_ESCAPED = re.compile(r"\[(.)\]")


class Find(RemoteCommand):
    """A `find` command whose output is kept, up to a limit."""

    def __init__(self, connection: Connection, command_id: str, written: Callable[[str], bytes]) -> None:
        super().__init__(connection, command_id)
        self._written = written
        self.is_truncated = False
        self._parts: list[str] = []
        self._characters = 0

    def wrote(self, channel: str, text: str) -> None:
        """Collect the listing."""
        if channel != "stdout":
            super().wrote(channel, text)
        elif self._characters + len(text) > MOST_LISTED_CHARACTERS:
            self.is_truncated = True
        else:
            self._characters += len(text)
            self._parts.append(text)

    def listed(self) -> Iterator[tuple[str, pb.FileType.ValueType]]:
        """Each path with its kind."""
        kind = pb.FILE_TYPE_OTHER
        for path in self._written("".join(self._parts)).decode(errors="replace").split("\0")[:-1]:
            if path in _KINDS:
                kind = _KINDS[path]
            else:
                yield path, kind


def plain_beginning(pattern: Sequence[str]) -> list[str]:
    """The leading names of a pattern that hold no wildcard."""
    names: list[str] = []
    for part in pattern:
        if _SPECIAL.search(_ESCAPED.sub("", part)):
            break
        names.append(_ESCAPED.sub(r"\1", part))
    return names


def matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path matches: `*`, `?` and `[…]` within a name, `**` any number of directories."""
    if not pattern:
        return not names
    if not names:
        return False
    if pattern[0] == "**":
        rest = pattern[1:]
        return not rest or any(matches(names[start:], rest) for start in range(len(names)))
    return fnmatch.fnmatchcase(names[0], pattern[0]) and matches(names[1:], pattern[1:])
