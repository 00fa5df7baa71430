"""Files that are no text, that change while they are read, or that ask for too much: an error with a place, soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config import limits
from buildledger.config.load import Loader
from buildledger.config.reading.files import from_bytes, read_files, stamp
from buildledger.config.reading.given_files import read_file

SOUND = "version: 1\nbuilders:\n  a: {steps: [{run: [make]}]}\n"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (SOUND.encode("utf-16"), "ci.yaml:1:1: the file is UTF-16, not UTF-8 (save as UTF-8) [encoding]"),
        (SOUND.encode("utf-16-le"), "ci.yaml:1:1: the file is UTF-16, not UTF-8 (save as UTF-8) [encoding]"),
        (SOUND.encode("utf-32"), "ci.yaml:1:1: the file is UTF-32, not UTF-8 (save as UTF-8) [encoding]"),
        ("version: 1\n# é".encode("latin-1"), "ci.yaml:2:3: the byte 0xe9 isn't UTF-8 (save as UTF-8) [encoding]"),
        (b"version: 1\nserver: {title: \0}\n", "ci.yaml:2:17: the character U+0000 can't stand in YAML"),
        (b"version: 1\n\xef\xbb\xbfserver: {}\n", "ci.yaml:2:1:"),
        (b"version: 1\nbuilders:\n\ta: {}\n", "ci.yaml:3:1: a tab can't indent YAML (use spaces) [yaml-tab]"),
        (b"", "ci.yaml:1:1: a configuration is a mapping, but it is empty"),
        (b"\n# only a comment\n", "ci.yaml:1:1: a configuration is a mapping, but it is empty"),
        (b"[" * 100_000, f"ci.yaml:1:{limits.DEPTH + 1}: mappings and lists are nested deeper"),
        (b"a: " * 50_000, "ci.yaml:1:5: a second ':' on this line"),
        (b"a: &a [x]\nb: [" + b"*a," * 1_000_000 + b"]\n", "ci.yaml:2:"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_configuration_has_a_place(raw: bytes, found: str, tmp_path: Path) -> None:
    """Whatever stands in a file: one problem at its place, and no traceback."""
    problems = Loader().resolve(from_bytes(raw, "ci.yaml", tmp_path)).problems
    assert str(problems[0]).startswith(found)


def test_byte_order_mark_and_other_ends_of_lines_are_taken(tmp_path: Path) -> None:
    """As editors of Windows write them."""
    raw = b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode()
    assert list(Loader().resolve(from_bytes(raw, "ci.yaml", tmp_path)).sound.builders) == ["a"]


class Restless:
    """Reads files, and lets each change just after it was read, as often as it is told."""

    def __init__(self, times: int) -> None:
        self.times = times

    def read_file(self, path: Path, limit_bytes: int) -> bytes:
        """See `given_files.read_file`."""
        raw = read_file(path, limit_bytes)
        if self.times:
            self.times -= 1
            path.write_text(f"version: 1\n# {self.times} left\n")
        return raw


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken is what stood there as a whole; a mixture never is."""
    (file := tmp_path / "ci.yaml").write_text(SOUND)
    monkeypatch.setattr("buildledger.config.reading.files.read_file", Restless(2).read_file)
    assert read_files(file).texts == {str(file): "version: 1\n# 0 left\n"}


def test_files_that_never_stand_still_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes into one of them all the time: that is said, and nothing that was read is used."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SOUND)
    monkeypatch.setattr("buildledger.config.reading.files.read_file", Restless(1000).read_file)
    given = read_files(tmp_path)
    assert given.texts == {}
    assert "changes all the time while it is read" in given.problems[0].message


def test_a_stamp_shows_every_change_of_a_directory(tmp_path: Path) -> None:
    """A file that comes, goes, is written, or is put in the place of another."""
    seen = {stamp(tmp_path)}
    (tmp_path / "a.yaml").write_text("1")
    seen.add(stamp(tmp_path))
    (tmp_path / "a.yaml").write_text("12")
    seen.add(stamp(tmp_path))
    (tmp_path / "b").write_text("21")
    (tmp_path / "b").replace(tmp_path / "a.yaml")
    seen.add(stamp(tmp_path))
    (tmp_path / "link.yaml").symlink_to("nowhere")
    seen.add(stamp(tmp_path))
    assert len(seen) == 5
