"""What is altered in a PostgreSQL behind the server's back, by SQL or in its files, the audit finds and names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.loop import LoopOutcome
from tests.faults.loops.postgresql import LIVED, LivedIn, alter_row, lived_in_cluster
from tests.faults.loops.postgresql_files import DatabaseFiles

pytestmark = pytest.mark.postgresql
ROWS, BITS = 8, 2
STEP = 33
"""So that some columns of each schema are among them."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    """What a server left there that has built something."""
    with lived_in_cluster(tmp_path_factory.mktemp("lived")) as lived:
        yield lived


def test_what_was_not_altered_is_all_right(lived: LivedIn) -> None:
    """Nothing is wrong with it."""
    report = lived.verified(LIVED)
    assert report.ok, report.to_text()


def test_rows_that_are_altered_by_sql_are_found(lived: LivedIn) -> None:
    """A value of any type in any table, or a row that is gone."""
    outcome = LoopOutcome()
    for number in range(ROWS):
        alter_row(lived, number * STEP, str(number), outcome)
    assert (outcome.done, outcome.details) == (ROWS, [])


def test_bits_that_are_changed_in_files_are_found(lived: LivedIn, tmp_path: Path) -> None:
    """Of a table or an index, while PostgreSQL is stopped, on pages without checksums and with them; a text, too."""
    outcome = LoopOutcome()
    files = DatabaseFiles(lived, tmp_path / "data")
    for number in range(BITS):
        files.flip_once(number * STEP, str(number), outcome)
    files.change("table ledger.fact", lambda data: data.replace(b"server.started.v1", b"server.st\xe1rted.v1"))
    said = lived.verified(LIVED).to_text()
    assert "a text that is none" in said
    assert "position 1:" in said
    files.add_checksums()
    for number in range(BITS):
        files.flip_once(number * STEP, str(number), outcome)
    files.restore()
    assert (outcome.done, outcome.details) == (2 * BITS, [])
