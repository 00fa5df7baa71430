"""Whole files of other systems are known as such, and files of ours are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from buildledger.config.foreign.recognition import recognise
from buildledger.config.foreign.systems import PROGRAMS, SYSTEMS
from buildledger.config.reading.yaml_reader import read
from tests.config.texts import EXAMPLES, REPOSITORY, loaded
from tests.config.wrong import FILES, FOLDER, answer

PAGE = (REPOSITORY / "docs" / "from-others.md").read_text()


def test_every_system_has_its_file_and_its_section() -> None:
    """Of each there is a file that is recognised, and a table in the manual."""
    answers = "\n".join(answer(file) for file in FILES if file.parent.name == "foreign")
    sections = {re.sub(r"\W+", "-", heading.lower()) for heading in re.findall(r"^## (.*)$", PAGE, re.MULTILINE)}
    for system in (*SYSTEMS, *PROGRAMS):
        assert f"this is {system.name}, not a configuration of Build Ledger" in answers
        assert system.section in sections


@pytest.mark.parametrize("file", [*EXAMPLES.glob("*.yaml"), *FOLDER.glob("[!f]*/*.yaml")], ids=lambda path: path.stem)
def test_a_file_of_ours_is_nobody_elses(file: Path) -> None:
    """However wrong it may be."""
    text = file.read_text(errors="replace")
    assert recognise(text, read(text, "ci.yaml").data) is None


def test_the_example_of_the_manual_loads() -> None:
    """What stands beside the workflow is a whole file."""
    _, example, *_ = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert list(loaded(example).builders) == ["test"]
