"""Wrong configuration files, each with everything that `buildledger config check` says of it in the file beside it.

`FILE.yaml` is what a user might write, `FILE.txt` the exact answer. After a message has changed, or a file was added:
`python -m tests.config.wrong.record`, then read the difference as the author of such a file would.
"""

from __future__ import annotations

from pathlib import Path

from buildledger.config.load import check
from buildledger.config.problems.problem import Problem
from buildledger.config.problems.report import problems_text

FOLDER = Path(__file__).parent
FILES = sorted(file for kind in ("yaml", "groovy", "cfg") for file in FOLDER.rglob(f"*.{kind}"))


def found(file: Path) -> list[Problem]:
    """The problems of a file."""
    return check(file)


def answer(file: Path) -> str:
    """What is said of a file, wherever this folder lies."""
    text = problems_text(found(file), texts={str(file): file.read_text(encoding="utf-8-sig", errors="replace")})
    return text.replace(f"{FOLDER}/", "") + "\n"


def expected(file: Path) -> Path:
    """Where the answer stands."""
    return file.with_suffix(".txt")
