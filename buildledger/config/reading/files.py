"""The file, or the directory of files, that a configuration is read from.

Files are read between two looks at their times and sizes: what changes meanwhile is read again, and a mixture of before
and after is never taken.
"""

from __future__ import annotations

import fnmatch
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

from buildledger.config import limits
from buildledger.config.problems.problem import Problem
from buildledger.config.reading.given_files import read_file, whereabouts

ENDINGS = (".yaml", ".yml", ".json")
"""Of the files of a directory that are read."""
LEFT_BEHIND = ("*~", "#*#", "*.bak", "*.orig", "*.rej", "*.old", "*.tmp", "*.sw?", "*.rpmsave", "*.rpmnew", "*.dpkg-*")
"""Names of what editors, patches and packages leave beside a file."""
READINGS = 5
"""Of files that change while they are read, before that is said to be the fault."""
PAUSE_SECONDS = 0.05
"""Between those."""

Stamp = tuple[tuple[str, int, int, int], ...]
"""By which a change of files shows: name, time of change in nanoseconds, size and number of each."""


@dataclass
class Given:
    """What was found: texts by file, in the order of their names, and what is wrong with the rest."""

    directory: Path
    """What relative paths are relative to."""
    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Files of a directory that aren't read, each with the reason."""

    def refuse(self, file: str, code: str, message: str, hint: str = "", *, line: int = 0, column: int = 0) -> None:
        """Note what is wrong with a file."""
        self.problems.append(Problem(file=file, line=line, column=column, code=code, message=message, hint=hint))


def stamp(path: Path) -> Stamp:
    """How a file, or what is in a directory, looks from outside; empty if it isn't there."""
    try:
        names = sorted(each.name for each in path.iterdir()) if path.is_dir() else [""]
    except OSError:
        names = [""]
    return tuple(look for name in names if (look := _look(path / name if name else path, name)) is not None)


def _look(path: Path, name: str) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        try:
            found = path.lstat()
        except (OSError, ValueError):
            return None
    return name, found.st_mtime_ns, found.st_size, found.st_ino


def read_files(path: Path) -> Given:
    """Read a file, or all files of a directory that belong to a configuration. Blocks.

    The files of a directory are those that end as YAML and JSON do; not those below its own directories, hidden ones,
    and what editors leave behind.
    """
    before = stamp(path)
    for _ in range(READINGS):
        given = _directory(path) if path.is_dir() else _single(path)
        after = stamp(path)
        if after == before or path.is_fifo():
            return given
        before = after
        time.sleep(PAUSE_SECONDS)
    given = Given(directory=given.directory)
    given.refuse(str(path), "file", "changes all the time while it is read", "write another file, then rename it")
    return given


def from_bytes(raw: bytes, file: str, directory: Path) -> Given:
    """What a program wrote, as if it were a file."""
    given = Given(directory=whereabouts(directory))
    _take(given, file, raw)
    return given


def _single(path: Path) -> Given:
    given = Given(directory=whereabouts(path).parent)
    _read(given, path, limits.FILE_BYTES)
    return given


def _directory(path: Path) -> Given:
    given = Given(directory=whereabouts(path))
    try:
        names = sorted(each.name for each in path.iterdir())
    except OSError as error:
        given.refuse(str(path), "file", f"can't be read: {error.strerror}")
        return given
    room = limits.FILE_BYTES
    for name in names:
        if reason := _left_out(path / name):
            given.left_out.append(f"{name} ({reason})")
            continue
        if (reason := _not_a_file(path / name)) is not None:
            given.refuse(str(path / name), "file", reason, "take it away, or let it end otherwise")
            continue
        room -= _read(given, path / name, room)
        if given.problems and given.problems[-1].code == "limit-file":
            break
    if not given.texts and not given.problems:
        what = f"; there {'is' if len(given.left_out) == 1 else 'are'} {', '.join(given.left_out)}"
        message = f"no configuration is in this directory: no file ends in {', '.join(ENDINGS)}"
        given.refuse(str(path), "file", message + (what if given.left_out else ""))
    return given


def _left_out(path: Path) -> str | None:
    """Why something in a directory isn't read; None if it is."""
    name = path.name
    if name.startswith("."):
        return "hidden"
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in LEFT_BEHIND):
        return "left by an editor or a tool"
    if name.endswith(ENDINGS):
        return None
    return "a directory" if path.is_dir() else "neither YAML nor JSON by its name"


def _not_a_file(path: Path) -> str | None:
    """Why something that has the name of a file can't be read as one; None if it can."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "is a link that leads nowhere"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if stat.S_ISREG(mode):
        return None
    kinds = [("directory", stat.S_ISDIR), ("pipe", stat.S_ISFIFO), ("socket", stat.S_ISSOCK)]
    kind = next((name for name, is_one in kinds if is_one(mode)), "device")
    return f"is a {kind}, not a file"


def _read(given: Given, path: Path, limit_bytes: int) -> int:
    """Read a file and note its text, or what is wrong with it; how many bytes it has."""
    file = str(path)
    try:
        raw = read_file(path, limit_bytes + 1)
    except (OSError, ValueError) as error:
        given.refuse(file, "file", f"can't be read: {getattr(error, 'strerror', None) or error}")
        return 0
    _take(given, file, raw, limit_bytes)
    return len(raw)


def _take(given: Given, file: str, raw: bytes, limit_bytes: int = limits.FILE_BYTES) -> None:
    if len(raw) > limit_bytes:
        whole = "" if limit_bytes == limits.FILE_BYTES else ", with the files before it,"
        given.refuse(file, "limit-file", f"the file{whole} is larger than {limits.FILE_BYTES} bytes")
        return
    if encoding := _other_encoding(raw):
        given.refuse(file, "encoding", f"the file is {encoding}, not UTF-8", "save as UTF-8", line=1, column=1)
        return
    try:
        given.texts[file] = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        given.problems.append(not_utf8(file, raw, error))


def not_utf8(file: str, raw: bytes, error: UnicodeDecodeError) -> Problem:
    """The problem of a file that is no text, at the first byte that shows it."""
    before = raw[: error.start].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    message = f"the byte 0x{raw[error.start]:02x} isn't UTF-8"
    return Problem(file=file, line=line, column=column, code="encoding", message=message, hint="save as UTF-8")


def _other_encoding(raw: bytes) -> str | None:
    """Which of the encodings that a byte-order mark or NULs betray this is."""
    if raw.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "UTF-32"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(raw) > 1 and 0 in (raw[0], raw[1]) and raw[:2] != b"\0\0"):
        return "UTF-16"
    return None
