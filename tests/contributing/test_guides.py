"""Each guide is performed on a copy of the repository, checked, counted and used."""

from __future__ import annotations

from pathlib import Path

from tests.contributing.guide import Performed, perform
from tests.fakes.ports import free_port
from tests.fakes.repository import Repository


def _code(performed: Performed) -> tuple[list[str], dict[str, int]]:
    """What was added to the package itself: new files, and lines in others."""
    new = [name for name in performed.new_files if name.startswith("buildledger/")]
    lines = {name: count for name, count in performed.added_lines.items() if name.startswith("buildledger/")}
    return new, lines


def test_add_a_step(tmp_path: Path) -> None:
    """A kind of step costs two files and one line, passes the checks, and builds on a real server and worker."""
    performed = perform("add-a-step.md", tmp_path / "copy")
    assert _code(performed) == (
        ["buildledger/config/steps/write_file.py", "buildledger/steps/write_file.py"],
        {"buildledger/config/steps/kinds.py": 1},
    )
    performed.check()
    performed.run(
        "pytest", "-q", "-p", "no:cacheprovider", "tests/steps/test_write_file.py", "tests/config/test_manual.py"
    )

    repository = Repository(tmp_path / "repository")
    repository.commit("first")
    config = repository.path / "write-a-file.yaml"
    config.write_text((performed.root / "write-a-file.yaml").read_text())
    addresses = ["--http", f"127.0.0.1:{free_port()}", "--grpc", f"127.0.0.1:{free_port()}"]
    state = str(tmp_path / "state")
    output = performed.run("buildledger", "demo", "--once", "--config", str(config), "--state", state, *addresses)
    assert "write version.txt" in output


def test_add_a_version_control_system(tmp_path: Path) -> None:
    """A system costs one folder and one line, passes the checks, is polled into a ledger and checked out."""
    performed = perform("add-a-vcs.md", tmp_path / "copy")
    new, lines = _code(performed)
    assert {str(Path(name).parent) for name in new} == {"buildledger/sources/snapshots"}
    assert lines == {"buildledger/sources/systems.py": 1}
    performed.check()
    tests = ["tests/sources/test_snapshots.py", "tests/config/test_manual.py", "tests/config/test_schema.py"]
    performed.run("pytest", "-q", "-p", "no:cacheprovider", *tests)
