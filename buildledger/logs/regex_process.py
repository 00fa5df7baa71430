"""Search with a regular expression in a process of its own, which can be killed.

Python's `re` holds the interpreter while it matches, and some expressions take exponential time. Neither may stop the
server, so a stranger's expression never runs in it. `python -P -m buildledger.logs.regex_process` is the
child; with `-P` it imports nothing that lies in the server's directory.
"""

import asyncio
import sys
import time
from pathlib import Path
from uuid import UUID

import msgspec

from buildledger.logs.checking import CheckedLogs
from buildledger.logs.reading import LogReader
from buildledger.logs.store import BadPatternError, LogAlteredError, Pattern, SearchPage

KILL_AFTER_SECONDS = 10.0
"""An expression that has not found an end by now is refused; a long log is answered in pages before that."""


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    directory: str
    log_id: UUID
    pattern: Pattern
    limit: int
    from_line: int
    seconds: float
    parts: dict[int, bytes] | None
    """Digests of the log's chunks, if it was checked."""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    page: SearchPage | None = None
    error: str = ""
    altered: str = ""
    """What is wrong with the log."""


async def search_in_process(
    directory: Path,
    log_id: UUID,
    pattern: Pattern,
    limit: int,
    from_line: int,
    seconds: float,
    parts: dict[int, bytes] | None = None,
) -> SearchPage:
    """Search in a child process for about `seconds`; `parts` are what the chunks of a log are compared with.

    Raises:
        BadPatternError: the pattern does not compile, or had to be killed.
        LogAlteredError
    """
    question = _Question(
        directory=str(directory),
        log_id=log_id,
        pattern=pattern,
        limit=limit,
        from_line=from_line,
        seconds=seconds,
        parts=parts,
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(KILL_AFTER_SECONDS):
            output, _ = await child.communicate(msgspec.json.encode(question))
    except TimeoutError:
        raise BadPatternError(f"the regular expression took longer than {KILL_AFTER_SECONDS:.0f} seconds") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    answer = msgspec.json.decode(output, type=_Answer) if output else _Answer(error="the search ended unexpectedly")
    if answer.altered:
        raise LogAlteredError(answer.altered)
    if answer.page is None:
        raise BadPatternError(answer.error)
    return answer.page


def _main() -> None:
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=_Question)
    until = time.monotonic() + question.seconds
    checked = CheckedLogs()
    if question.parts is not None:
        checked.add(question.log_id, "", question.parts)
    reader = LogReader(Path(question.directory), checked)
    try:
        page = reader.search(
            question.log_id, question.pattern, question.limit, question.from_line, lambda: time.monotonic() > until
        )
        answer = _Answer(page=page)
    except BadPatternError as error:
        answer = _Answer(error=str(error))
    except LogAlteredError as error:
        answer = _Answer(altered=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    _main()
