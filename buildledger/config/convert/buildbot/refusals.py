"""Why there is no configuration to convert, in words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from buildledger.config.convert.buildbot.described import Extracted, Failure

UPGRADING = "https://docs.buildbot.net/latest/manual/upgrading/index.html"
_OLD = re.compile(
    r"slave|No module named 'buildbot\.|cannot import name '\w+' from 'buildbot|Missing parentheses in call to 'print'"
    r"|Unknown BuildmasterConfig keys? .*(status|mergeRequests|debugPassword|eventHorizon|buildHorizon|logHorizon)"
)
"""What only files of older versions ask for."""
_FRAME = re.compile(r'File "(.+)", line (\d+)')


def refusal(extracted: Extracted, *, file: str, directory: str) -> str:
    """What is said about a failure, line by line."""
    assert extracted.failure is not None
    failure = _of_syntax(extracted.failure)
    place = where(failure.frames, file, directory)
    head = f"{place}: {_said(failure, extracted.buildbot)}"
    return "\n".join([head, *(f"  {line}" for line in _advice(failure, extracted.buildbot, extracted.python))])


def _of_syntax(failure: Failure) -> Failure:
    """Buildbot says a syntax error as a whole traceback: its last line and its last place are what counts."""
    text = next((error for error in failure.errors if "encountered a SyntaxError" in error), "")
    frames: list[tuple[str, int | None]] = [(file, int(line)) for file, line in _FRAME.findall(text)]
    if not frames:
        return failure
    return Failure(kind="syntax", message=text.strip().splitlines()[-1], frames=frames)


def where(frames: Sequence[tuple[str, int | None]], file: str, directory: str) -> str:
    """The innermost line that is the user's: `master.cfg:12`, and in which file of theirs if it is another."""
    inside = directory.rstrip("/") + "/"
    own = [(name, line) for name, line in frames if name.startswith(inside) and "/site-packages/" not in name]
    if not own:
        return file
    name, line = own[-1]
    shown = name.removeprefix(inside)
    return f"{shown}:{line}" if line is not None else shown


def _said(failure: Failure, buildbot: str) -> str:
    match failure.kind:
        case "no-buildbot":
            return f"there is no Buildbot in {failure.message}"
        case "refused":
            errors = failure.errors or [failure.message]
            first = "; ".join(" ".join(error.split()) for error in errors[:5])
            more = f"; and {len(errors) - 5} more" if len(errors) > 5 else ""
            return f"Buildbot {buildbot} refuses it: {first}{more}"
        case "exited":
            return f"it ends the process ({failure.message}) instead of giving a configuration"
        case "memory":
            return "it needs more than 4 GiB of memory to be loaded"
        case _:
            return f"it can't be loaded: {' '.join(failure.message.split())[:500]}"


def _advice(failure: Failure, buildbot: str, python: str) -> list[str]:
    said = " ".join([failure.message, *failure.errors])
    if failure.kind == "no-buildbot":
        return [
            "Give --python the Python of the virtual environment that your Buildbot is installed in,",
            "or make one: python3 -m venv buildbot && buildbot/bin/pip install buildbot buildbot-worker",
        ]
    if _OLD.search(said):
        return [
            f"This file is of an older Buildbot than {buildbot} (0.8 said slave where today's say worker).",
            f"Bring it up to date as Buildbot's own guide says ({UPGRADING}),",
            "or give --python the Python of the Buildbot that it runs under (2.0 or later).",
        ]
    if failure.kind == "syntax":
        return [f"It has to be what Python {python} understands; --python can name another one."]
    if failure.kind == "missing-module":
        return ["Install what it imports beside that Buildbot, or give --python the Python that has both."]
    if failure.kind == "exited":
        return ["Make sure that it can be loaded where you are: `buildbot checkconfig` has to accept it."]
    if failure.kind == "refused":
        return ["`buildbot checkconfig` says the same; what it accepts can be converted."]
    return []
