"""A command line as one text is refused with each way to write it."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.config.load import resolve_text
from buildledger.config.steps.command_text import arguments
from tests.config.texts import REPOSITORY


def answer(step: str) -> str:
    """The hint that is given to the only fault of a step."""
    text = f"version: 1\nbuilders:\n  b:\n    steps:\n      - {step}\n"
    (problem,) = resolve_text(text, file="ci.yaml", directory=REPOSITORY, secrets_required=False)[1]
    assert (problem.code, problem.message) == ("type", "'run' is a list of arguments, not one text")
    return problem.hint


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("pytest -q", "write run: [pytest, -q], or, for a shell, script: pytest -q"),
        ("make", "write run: [make], or, for a shell, script: make"),
        (
            """pytest -k 'a or b' --x="1, 2" 3.10""",
            """write run: [pytest, -k, a or b, '--x=1, 2', '3.10'], or, for a shell, """
            """script: pytest -k 'a or b' --x="1, 2" 3.10""",
        ),
        (
            """find . -name '*.py'""",
            """write run: [find, ., -name, '*.py'], or, for a shell, script: find . -name '*.py'""",
        ),
        ("cd src && make", "write script: cd src && make"),
        ("make&& make check", "write script: make&& make check"),
        ("make | tee log", "write script: make | tee log"),
        ("make -j$(nproc)", "write script: make -j$(nproc)"),
        ('echo "in $PWD"', 'write script: echo "in $PWD"'),
        ("rm *.o", "write script: rm *.o"),
        ("ls ~/src", "write script: ls ~/src"),
        ("CI=1 make", "write script: CI=1 make"),
        ("export CI=1", "write script: export CI=1"),
        ("echo it's", "write script: echo it's"),
        ("'echo a: b'", "write run: [echo, 'a:', b], or, for a shell, script: 'echo a: b'"),
        ("|\n          make\n          make install", "write script: |, with these lines below it"),
        ("x" * 300, "the program and each of its arguments are elements, or use 'script'"),
        ("''", "the program and each of its arguments are elements, or use 'script'"),
    ],
)
def test_a_text_under_run_is_answered_with_both_ways(written: str, hint: str) -> None:
    """As arguments, and as a script; with the script alone where the arguments would mean something else."""
    assert answer(f"run: {written}") == hint


def test_what_a_shell_would_expand_in_double_quotes_needs_one() -> None:
    """Also where single quotes stand in them, which quote nothing there."""
    assert arguments("""echo "'$1 #" ":" "'a\"""") is None
    assert arguments("""echo "it's" ":" 'a' "\\$1\"""") is None
    assert arguments("""echo "it's" ":" 'a' "1\"""") == ["echo", "it's", ":", "a", "1"]


def test_where_there_is_no_script_a_shell_is_run() -> None:
    """A property is set by a program, which may be a shell."""
    assert answer("{set_property: v, run: git describe}") == "write run: [git, describe]"
    shell = "write run: [sh, -c, git describe | head -1]"
    assert answer("{set_property: v, run: git describe | head -1}") == shell


WORDS = st.text(alphabet="ab1 -=.,:'\"$*|;~#!", min_size=1, max_size=6)


@given(
    words=st.lists(WORDS, min_size=1, max_size=4), quote=st.sampled_from([json.dumps, lambda word: f"'{word}'", str])
)
def test_arguments_are_those_a_shell_would_see(words: list[str], quote: object) -> None:
    """Where a command line is taken apart at all, `sh` takes it apart in the same way."""

    text = "printf '%s\\n' " + " ".join(quote(word) for word in words)  # type: ignore[operator]
    argv = arguments(text)
    if argv is not None and not any("\n" in word for word in argv):
        shown = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True).stdout
        # Without arguments `printf` writes its pattern once, all the same.
        assert shown == "".join(f"{word}\n" for word in argv[2:] or [""])
