"""Steps about what the worker keeps on its disk."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step

_OTHERS = 0o077


class AwaitDisk(Step):
    """Wait until the worker's state directory has at most so many bytes, build directories not counted."""

    main_field: ClassVar[str] = "at_most"
    at_most: Size
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Look until it is so."""
        work = context.state / "work"

        def kept_bytes() -> int:
            return sum(_size(path) for path in _files(context.state) if not path.is_relative_to(work))

        try:
            await context.until_looked(lambda: kept_bytes() <= self.at_most, self.within, "the disk is freed")
        except CaseFailedError as error:
            raise CaseFailedError(f"{error}: {kept_bytes()} bytes are kept, more than {self.at_most}") from None


class CheckCredentialPrivate(Step):
    """Nobody but the worker's user may read a file in which a credential that was issued, or a private key, stands.

    Checked where files have permissions: not on Windows.
    """

    async def execute(self, context: CaseContext) -> None:
        """Search the state directory."""
        if sys.platform == "win32":
            return
        secrets = [*(bearer.encode() for bearer in context.enrollment.bearers), b"PRIVATE KEY-----"]
        open_to_others = await asyncio.to_thread(_open_to_others, context.state, secrets)
        if open_to_others:
            raise CaseFailedError(f"others may read a credential or a key: {', '.join(open_to_others)}")


def _open_to_others(directory: Path, secrets: list[bytes]) -> list[str]:
    found = []
    for path in _files(directory):
        try:
            mode, content = path.stat().st_mode, path.read_bytes()
        except FileNotFoundError:
            continue
        if mode & _OTHERS and any(secret in content for secret in secrets):
            found.append(f"{path.relative_to(directory)} has mode {mode & 0o777:o}")
    return found


def _files(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory):
        yield from (path for name in names if (path := Path(folder, name)).is_file() and not path.is_symlink())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
