"""File operations of runs, by commands of Buildbot's protocol where those suffice, else by shell scripts."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from buildledger.bridge import script
from buildledger.bridge.listing import matches, plain_beginning
from buildledger.bridge.machine import Machine, NoAnswerError, os_error
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.listing import MOST_ENTRIES
from buildledger.worker.files.operations import MOST_CONTENT_BYTES, file_error
from buildledger.worker.files.paths import PathEscapesError

_TYPES = {stat.S_IFREG: pb.FILE_TYPE_REGULAR, stat.S_IFDIR: pb.FILE_TYPE_DIRECTORY}


class Files:
    """Files of one build directory on a Buildbot worker's machine."""

    def __init__(self, machine: Machine, builddir: str) -> None:
        self.root = f"{machine.basedir}/{builddir}"
        self._machine = machine

    async def resolve(self, path: bytes, *, followed: bool = False) -> str:
        """The absolute path on the machine, links in its directories considered, and its last name if `followed`.

        Raises:
            PathEscapesError, OSError: as `path`.
            ConnectionLostError, NoAnswerError: it can't be learned.
        """
        absolute = self.path(path)
        looked = await self._machine.shell(script.CONTAINED, self.root, absolute, "follow" if followed else "")
        if looked.rc == script.ESCAPES:
            raise PathEscapesError(path)
        if not looked.ok:
            raise os_error(looked, absolute)
        return absolute

    def path(self, path: bytes) -> str:
        """The absolute path on the machine, checked by its text alone.

        Raises:
            PathEscapesError: it leads out of the build directory.
            OSError: it isn't UTF-8, which the old protocol can't say.
        """
        parts = [part for part in path.split(b"/") if part not in (b"", b".")]
        if path.startswith(b"/") or b"\0" in path or b".." in parts:
            raise PathEscapesError(path)
        try:
            return "/".join((self.root, *(part.decode() for part in parts)))
        except UnicodeDecodeError:
            raise OSError(errno.EILSEQ, "a Buildbot worker takes only names in UTF-8", path) from None

    async def operate(self, spec: pb.RunSpec) -> list[pb.FileResult]:
        """Do the operation of `spec`.

        Raises:
            ConnectionLostError: what became of it can't be learned.
        """
        operations: dict[str, Callable[[Any], Coroutine[Any, Any, list[pb.FileResult]]]] = {
            "make_directory": self._make_directory,
            "remove": self._remove,
            "copy": self._copy,
            "stat": self._stat,
            "glob": self._glob,
            "write_file": self._write_file,
            "read_file": self._read_file,
        }
        name = spec.WhichOneof("operation") or ""
        try:
            return await operations[name](getattr(spec, name))
        except (OSError, PathEscapesError) as error:
            return [pb.FileResult(error=file_error(os.fsencode(self.root), error))]
        except NoAnswerError as error:
            return [pb.FileResult(error=pb.FileError(code=pb.FILE_ERROR_CODE_IO, message=str(error)))]

    async def find(self, pattern: bytes) -> dict[str, pb.FileType.ValueType]:
        """Absolute paths that match, with what they are, in no order; raises as `operate` and `path`, and OSError."""
        parts = self.path(pattern).removeprefix(self.root).lstrip("/").split("/")
        beginning = plain_beginning(parts)
        path = await self.resolve("/".join(beginning).encode())
        command = await self._machine.listing(path, deep=beginning != parts)
        if command.is_truncated:
            raise OSError(errno.E2BIG, "there are too many files to list", pattern)
        if not command.ok:
            raise OSError(errno.EACCES, "not all of its directories can be read", path)
        return {
            path: kind
            for path, kind in command.listed()
            if path != self.root and matches(path.removeprefix(self.root).lstrip("/").split("/"), parts)
        }

    async def describe(self, path: str, kind: pb.FileType.ValueType | None = None) -> pb.FileEntry | None:
        """What there is, a link not followed; None if there is nothing. `kind` says what it is, if that is known."""
        entry = pb.FileEntry(path=os.fsencode(self._relative(path)))
        if kind in (None, pb.FILE_TYPE_SYMLINK):
            link = await self._machine.shell(script.KIND, path)
            if link.ok:
                entry.type, entry.link_target = pb.FILE_TYPE_SYMLINK, os.fsencode(link.output.removesuffix("\n"))
                return entry
        status = await self._machine.stat(path)
        if status is None:
            return None
        mode, size, modified = status[stat.ST_MODE], status[stat.ST_SIZE], status[stat.ST_MTIME]
        entry.type = _TYPES.get(stat.S_IFMT(mode), pb.FILE_TYPE_OTHER)
        entry.mode = stat.S_IMODE(mode)
        entry.size = size if entry.type == pb.FILE_TYPE_REGULAR else 0
        entry.modified_at.CopyFrom(Timestamp(seconds=modified))
        return entry

    async def remove(self, path: str) -> None:
        """Remove a file, a link or a tree; nothing there is success.

        Raises:
            OSError
        """
        command = await self._machine.shell(script.REMOVE, path, limit_seconds=None)
        if not command.ok:
            raise os_error(command, path)

    def _relative(self, path: str) -> str:
        return path.removeprefix(self.root).lstrip("/") or "."

    async def _make_directory(self, operation: pb.MakeDirectory) -> list[pb.FileResult]:
        path = await self.resolve(operation.path, followed=True)
        existed = await self._machine.stat(path) is not None
        command = await self._machine.ask("mkdir", paths=[path])
        if not command.ok:
            raise os_error(command, path, rc_is_errno=True)
        return [pb.FileResult(changed=not existed)]

    async def _remove(self, operation: pb.Remove) -> list[pb.FileResult]:
        path = await self.resolve(operation.path)
        existed = await self.describe(path) is not None
        if existed:
            await self.remove(path)
        return [pb.FileResult(changed=existed)]

    async def _copy(self, operation: pb.Copy) -> list[pb.FileResult]:
        source, target = await self.resolve(operation.source), await self.resolve(operation.destination)
        if os.path.commonpath((source, target)) in (source, target):
            raise OSError(errno.EINVAL, "source and destination contain each other", operation.destination)
        if await self.describe(source) is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), operation.source)
        await self.remove(target)
        command = await self._machine.shell(script.COPY, source, target, limit_seconds=None)
        if not command.ok:
            raise os_error(command, target)
        return [pb.FileResult(changed=True)]

    async def _stat(self, operation: pb.Stat) -> list[pb.FileResult]:
        path = await self.resolve(operation.path)
        entry = await self.describe(path)
        if entry is None:
            return [pb.FileResult()]
        if operation.sha256 and entry.type == pb.FILE_TYPE_REGULAR:
            entry.sha256 = await self._digest(path)
        return [pb.FileResult(entries=[entry])]

    async def _digest(self, path: str) -> bytes:
        """SHA-256 of a file, computed here from its whole content."""
        summing = _Summing()
        command = await self._machine.pull(path, summing)
        if not command.ok:
            raise os_error(command, path)
        return summing.summed.digest()

    async def _glob(self, operation: pb.Glob) -> list[pb.FileResult]:
        limit = min(operation.limit or MOST_ENTRIES, MOST_ENTRIES)
        kinds: dict[str, pb.FileType.ValueType] = {}
        for pattern in operation.patterns:
            kinds |= await self.find(pattern)
        found = sorted(kinds, key=os.fsencode)
        entries = [entry for path in found[:limit] if (entry := await self.describe(path, kinds[path])) is not None]
        pages = [entries[start : start + 500] for start in range(0, len(entries), 500)] or [[]]
        results = [pb.FileResult(entries=page) for page in pages]
        results[-1].truncated = len(found) > limit
        return results

    async def _write_file(self, operation: pb.WriteFile) -> list[pb.FileResult]:
        path = await self.resolve(operation.path)
        if len(operation.content) > MOST_CONTENT_BYTES:
            raise OSError(errno.EFBIG, f"more than {MOST_CONTENT_BYTES} bytes have to go through a blob", path)
        parent = path.rpartition("/")[0]
        if not operation.make_parents and parent != self.root and await self._machine.stat(parent) is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), parent)
        command = await self._machine.push(BytesIO(operation.content), path, stat.S_IMODE(operation.mode) or 0o644)
        if not command.ok:
            raise os_error(command, path)
        return [pb.FileResult(changed=True)]

    async def _read_file(self, operation: pb.ReadFile) -> list[pb.FileResult]:
        path = await self.resolve(operation.path, followed=True)
        entry = await self._machine.stat(path)
        if entry is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if not stat.S_ISREG(entry[stat.ST_MODE]):
            raise OSError(errno.EISDIR, "not a regular file", path)
        limit = min(operation.limit or MOST_CONTENT_BYTES, MOST_CONTENT_BYTES)
        content = BytesIO()
        # An old worker reads files from their beginning only.
        cut = f"{self._machine.basedir}/{self._machine.new_id('cut')}"
        command = await self._machine.shell(script.SLICE, path, cut, str(operation.offset + 1), str(limit + 1))
        if command.ok:
            command = await self._machine.pull(cut, content)
        await self._machine.ask("rmfile", path=cut)
        if not command.ok:
            raise os_error(command, path)
        return [pb.FileResult(content=content.getvalue()[:limit], truncated=len(content.getvalue()) > limit)]


class _Summing:
    """A sink that computes SHA-256 and stores nothing."""

    def __init__(self) -> None:
        self.summed = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Add bytes to the digest."""
        self.summed.update(data)
        return len(data)
