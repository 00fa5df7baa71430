"""Steps about files: in the case's scratch directory, in build directories, and in the blob store."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import ClassVar, Literal

import grpc

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.content import Content
from buildledger.conformance.message_builder import as_bytes
from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step


class _FileStep(Step):
    """A step about one file, in the scratch directory or in the worker's work directory."""

    path: str
    below: Literal["scratch", "work"] = "scratch"

    def file(self, context: CaseContext) -> Path:
        """Where it is."""
        return context.scratch / self.path if self.below == "scratch" else context.work_file(self.path)


class Touch(Step):
    """Create an empty file in the scratch directory: what the helper's `wait` waits for."""

    main_field: ClassVar[str] = "path"
    path: str

    async def execute(self, context: CaseContext) -> None:
        """Create it."""
        (context.scratch / self.path).touch()


class AwaitFile(_FileStep):
    """Wait until a file exists."""

    main_field: ClassVar[str] = "path"
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Look until it is there."""
        await context.until_looked(self.file(context).exists, self.within, f"the file {self.path}")


class CheckFile(_FileStep):
    """Compare a file: its `text` or `pattern`, its `lines`, `size` and `mode`, or that it is `absent`."""

    text: str | None = None
    pattern: dict[str, Size] | None = None
    lines: int | None = None
    size: Size | None = None
    mode: int | None = None
    absent: bool = False

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        path = self.file(context)
        if self.absent:
            if path.exists():
                raise CaseFailedError(f"{self.path} exists, but shouldn't")
            return
        if not path.exists():
            raise CaseFailedError(f"{self.path} doesn't exist")
        status = path.stat()
        if self.size is not None and status.st_size != self.size:
            raise CaseFailedError(f"{self.path} has {status.st_size} bytes, not {self.size}")
        if self.mode is not None and status.st_mode & 0o7777 != self.mode:
            raise CaseFailedError(f"{self.path} has mode {status.st_mode & 0o7777:o}, not {self.mode:o}")
        if self.text is not None and path.read_bytes() != as_bytes(self.text, "text"):
            raise CaseFailedError(f"{self.path} holds {path.read_bytes()[:200]!r}, not {self.text!r}")
        if self.pattern is not None:
            content = Content(pattern_bytes=self.pattern["bytes"], seed=self.pattern["seed"])
            if await asyncio.to_thread(_digest, path) != content.sha256:
                raise CaseFailedError(f"{self.path} has another content than it should have")
        if self.lines is not None and (count := len(path.read_bytes().splitlines())) != self.lines:
            raise CaseFailedError(f"{self.path} has {count} lines, not {self.lines}")


class CheckLinesAtMost(_FileStep):
    """A file must have at most so many lines; it need not exist."""

    lines: int

    async def execute(self, context: CaseContext) -> None:
        """Count."""
        path = self.file(context)
        count = len(path.read_bytes().splitlines()) if path.exists() else 0
        if count > self.lines:
            raise CaseFailedError(f"{self.path} has {count} lines, more than {self.lines}")


class CheckNamedFileGone(Step):
    """The files whose absolute paths stand in a scratch file must not exist."""

    main_field: ClassVar[str] = "path"
    path: str

    async def execute(self, context: CaseContext) -> None:
        """Look."""
        left = await asyncio.to_thread(_still_there, context.scratch / self.path)
        if left:
            raise CaseFailedError(f"{', '.join(left)} still exists")


class Prepare(_FileStep):
    """Create something before a run looks at it: a file with `text`, a symbolic `link` to somewhere, or a directory."""

    text: str | None = None
    link: str | None = None

    async def execute(self, context: CaseContext) -> None:
        """Create it."""
        path = self.file(context)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.link is not None:
            path.symlink_to(context.substituted(self.link))
        elif self.text is not None:
            path.write_bytes(as_bytes(self.text, "text"))
        else:
            path.mkdir()


class CheckStoredNowhere(Step):
    """None of these texts may stand in any file below the worker's state and work directories."""

    main_field: ClassVar[str] = "texts"
    texts: list[str]

    async def execute(self, context: CaseContext) -> None:
        """Search."""
        found = await asyncio.to_thread(_search, context.state, [text.encode() for text in self.texts])
        if found:
            raise CaseFailedError(f"a secret stands on disk: {', '.join(found)}")


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _still_there(listed_in: Path) -> list[str]:
    return [line for line in listed_in.read_text(encoding="utf-8").splitlines() if Path(line).exists()]


def _search(directory: Path, texts: list[bytes]) -> list[str]:
    paths = (Path(folder, name) for folder, _, names in os.walk(directory) for name in names)
    return [str(path.relative_to(directory)) for path in paths if any(text in _content(path) for text in texts)]


def _content(path: Path) -> bytes:
    """What is in a file; nothing if it isn't one, or the worker removes it at this moment."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


class BlobFaults(Step):
    """What goes wrong with blobs from here on; each `break_…` once, after so many bytes, and it can be resumed."""

    corrupt_reads: bool = False
    refuse_writes: str | None = None
    break_reads_after: Size | None = None
    break_writes_after: Size | None = None

    async def execute(self, context: CaseContext) -> None:
        """Note it."""
        faults = context.blobs.faults
        faults.corrupt_reads = self.corrupt_reads
        faults.refuse_writes = grpc.StatusCode[self.refuse_writes] if self.refuse_writes is not None else None
        faults.break_reads_after_bytes = self.break_reads_after
        faults.break_writes_after_bytes = self.break_writes_after


class CheckUpload(Step):
    """A blob must have been uploaded completely: the case's blob `name`, or one with this `text`."""

    name: str | None = None
    text: str | None = None

    async def execute(self, context: CaseContext) -> None:
        """Look for its digest."""
        sha256 = (
            context.contents[self.name].sha256 if self.name else hashlib.sha256((self.text or "").encode()).digest()
        )
        upload = context.blobs.uploads.get(sha256)
        if upload is None or not upload.complete:
            raise CaseFailedError(f"{self.name or self.text!r} was not uploaded completely")
