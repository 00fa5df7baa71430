"""What is remembered until a time, over restarts."""

from __future__ import annotations

from pathlib import Path

from buildledger.ledger.expiring_names import SPARE_LINES, ExpiringNames


def test_a_name_counts_once_until_its_time(tmp_path: Path) -> None:
    """Also for the next process; afterwards it is as if it had never been."""
    path = tmp_path / "names"
    names = ExpiringNames(path, 0, 10)
    assert [names.add("a", 100, 0), names.add("a", 100, 50)] == [True, False]
    again = ExpiringNames(path, 60, 10)
    assert ("a" in again, again.add("a", 200, 60)) == (True, False)
    assert again.add("a", 300, 101)
    assert "a" in ExpiringNames(path, 200, 10)
    assert "a" not in ExpiringNames(path, 301, 10)
    assert path.stat().st_mode & 0o077 == 0


def test_its_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    """It is written anew when most of its lines have expired, and there are never more than so many names."""
    path = tmp_path / "names"
    names = ExpiringNames(path, 0, 100)
    for number in range(3 * SPARE_LINES):
        names.add(f"n{number}", number + 1, number)
    assert len(path.read_text().splitlines()) <= SPARE_LINES + 300
    crowded = ExpiringNames(None, 0, 3)
    assert all(crowded.add(name, 100, 0) for name in "abcd")
    assert [name in crowded for name in "abcd"] == [False, True, True, True]


def test_a_damaged_file_costs_what_is_damaged(tmp_path: Path) -> None:
    """A line that was cut by a crash is left out; a place that can't be written is remembered in memory."""
    path = tmp_path / "names"
    path.write_bytes(b"100 a\n\xff\xfe\n10")
    names = ExpiringNames(path, 0, 10)
    assert "a" in names
    nowhere = ExpiringNames(tmp_path / "missing" / "names", 0, 10)
    assert [nowhere.add("a", 100, 0), nowhere.add("a", 100, 0)] == [True, False]
