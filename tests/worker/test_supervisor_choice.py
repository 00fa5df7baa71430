"""Which program a worker takes for its supervisor."""

from pathlib import Path

import pytest

from buildledger.worker.supervision.program import SupervisorUnusableError, find_supervisor


@pytest.fixture
def path_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_one_on_path_is_found(path_directory: Path, supervisor: Path) -> None:
    """Without one beside the interpreter, one on PATH is taken."""
    (path_directory / "bl-run").symlink_to(supervisor)
    assert find_supervisor("auto") == path_directory / "bl-run"


def test_one_beside_the_interpreter_comes_first(
    path_directory: Path, supervisor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment that a worker is installed in decides before the machine does."""
    (path_directory / "bl-run").symlink_to(supervisor)
    beside = tmp_path / "environment"
    beside.mkdir()
    (beside / "bl-run").symlink_to(supervisor)
    monkeypatch.setattr("sys.executable", str(beside / "python"))
    assert find_supervisor("auto") == beside / "bl-run"


@pytest.mark.usefixtures("path_directory")
def test_none_is_needed() -> None:
    """Where there is none, and where none is wanted, the worker does without."""
    assert find_supervisor("auto") is None
    assert find_supervisor("none") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo something else", "it isn't bl-run"),
        ("echo bl-run 9.9 launch 2", "bl-run 9.9 takes launches of version 2, not 1"),
        ("exit 3", "it isn't bl-run"),
    ],
)
def test_one_that_cannot_be_used(
    path_directory: Path, caplog: pytest.LogCaptureFixture, text: str, reason: str
) -> None:
    """One that was found is left alone with a warning; one that was named is refused with the same words."""
    found = program(path_directory / "bl-run", text)
    assert find_supervisor("auto") is None
    assert reason in caplog.text
    with pytest.raises(SupervisorUnusableError, match=reason):
        find_supervisor(str(found))


def test_one_that_may_not_be_run(path_directory: Path) -> None:
    """A file that isn't a program is refused, and the system's reason is told."""
    (path_directory / "notes").write_text("no program")
    with pytest.raises(SupervisorUnusableError, match="Permission denied"):
        find_supervisor(str(path_directory / "notes"))
