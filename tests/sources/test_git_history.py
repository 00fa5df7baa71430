"""Reading what `git log` prints."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.sources.commits import Commit, Person
from buildledger.sources.git import history, polling
from buildledger.sources.git.history import LogParser
from tests.fakes.repository import ENVIRONMENT, Repository

HEX = "0123456789abcdef" * 2 + "01234567"


def printed(repository: Repository) -> bytes:
    argv, stdin = polling.log(str(repository.path / ".git"), [repository.head()], [], 100)
    return subprocess.run(argv, input=stdin, env=ENVIRONMENT, capture_output=True, check=True).stdout


def read(output: bytes, size: int = 1 << 20) -> list[Commit]:
    parser, commits = LogParser(), []
    for start in range(0, len(output), size):
        commits += parser.feed(output[start : start + size])
    return commits + parser.end()


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    repository = Repository(tmp_path_factory.mktemp("git") / "r")
    repository.commit("first\n\nbody\n", a="1\n", b="1\n")
    repository.commit("")
    repository.commit("third\n\nCo-authored-by: K <k@x>\n", author="Ü Ö <ü@ö>", a="2\n")
    return printed(repository)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1 << 20])
def test_in_pieces_of_any_size(output: bytes, size: int) -> None:
    """It doesn't matter how the output is cut when it is read."""
    first, empty, third = read(output, size)
    assert first.message == "first\n\nbody"
    assert [file.path for file in first.files] == ["a", "b"]
    assert (empty.message, empty.files, empty.parents) == ("", (), (first.revision,))
    assert third.author == Person(name="Ü Ö", email="ü@ö")
    assert third.co_authors == (Person(name="K", email="k@x"),)
    assert third.committed_at == datetime.fromtimestamp(1_700_000_180, UTC)


def test_nothing() -> None:
    """No commits, no output."""
    assert read(b"") == []


def test_cut_off() -> None:
    """Output that ends in the middle is an error, not a shorter history."""
    with pytest.raises(ValueError, match="middle of a commit"):
        read(f"{HEX}\0{HEX}\0name".encode())


@given(
    paths=st.lists(st.binary(min_size=1, max_size=20).filter(lambda path: b"\0" not in path), max_size=5),
    message=st.binary(max_size=50).filter(lambda text: b"\0" not in text),
    name=st.binary(max_size=10).filter(lambda text: b"\0" not in text and b"\n" not in text),
)
def test_no_content_can_shift_the_fields(paths: list[bytes], message: bytes, name: bytes) -> None:
    """Whatever stands in paths, messages and names, the fields and the number of commits stay what they are."""
    fields = [HEX.encode(), b"", name, b"a@b", name, b"a@b", b"1", b"", message]
    entries = b"".join(b":100644 100644 %s %s M\0%s\0" % (b"0" * 40, b"1" * 40, path) for path in paths)
    record = b"".join(field + b"\0" for field in fields) + b"\0" + (b"\n" + entries if paths else b"")
    commits = read(record * 3)
    assert [commit.revision for commit in commits] == [HEX] * 3
    assert [commit.file_count for commit in commits] == [len(paths)] * 3
    assert [file.path for file in commits[0].files] == [history.text(path) for path in paths]


def test_limits(tmp_path: Path) -> None:
    """A commit of any size is read; what is kept of it is bounded, and its files are counted all the same."""
    repository = Repository(tmp_path / "r")
    for n in range(history.FILES_KEPT + 1):
        (repository.path / f"{n}").write_text("")
    repository.git("add", "--all")
    repository.commit("x" * (history.MESSAGE_CHARACTERS + 1))
    (commit,) = read(printed(repository))
    assert len(commit.files) == history.FILES_KEPT
    assert commit.file_count == history.FILES_KEPT + 1
    assert len(commit.message) == history.MESSAGE_CHARACTERS


def test_heads() -> None:
    """Branches with any name, of which only heads count."""
    lines = f"{HEX}\trefs/heads/main\n{HEX}\trefs/heads/caf".encode() + b"\xe9\n" + f"{HEX}\trefs/tags/v1\n".encode()
    assert polling.parse_heads(lines) == {"main": HEX, "caf\\xe9": HEX}
    with pytest.raises(ValueError, match="without a revision"):
        polling.parse_heads(b"ref: refs/heads/main\tHEAD\n")
