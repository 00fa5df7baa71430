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


def _make_page_of_keys(performed: Performed) -> None:
    """Make the manual's page of all keys anew, as the guides say."""
    page = performed.run("buildledger", "config", "schema", "--markdown")
    (performed.root / "docs" / "configuration-keys.md").write_text(page)


def test_add_a_step(tmp_path: Path) -> None:
    """A kind of step costs two files and one line, passes the checks, and builds on a real server and worker."""
    performed = perform("add-a-step.md", tmp_path / "copy")
    assert _code(performed) == (
        ["buildledger/config/steps/write_file.py", "buildledger/steps/write_file.py"],
        {"buildledger/config/steps/kinds.py": 1},
    )
    performed.check()
    _make_page_of_keys(performed)
    performed.run(
        "pytest", "-q", "-p", "no:cacheprovider", "tests/steps/test_write_file.py", "tests/config/models/test_manual.py"
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
    _make_page_of_keys(performed)
    tests = [
        "tests/sources/test_snapshots.py",
        "tests/config/models/test_manual.py",
        "tests/config/models/test_schema.py",
    ]
    performed.run("pytest", "-q", "-p", "no:cacheprovider", *tests)


def test_add_an_endpoint(tmp_path: Path) -> None:
    """An endpoint costs three files and two lines, passes the checks, is described in OpenAPI, and answers."""
    performed = perform("add-an-endpoint.md", tmp_path / "copy")
    assert _code(performed) == (
        [f"buildledger/api/{room}/durations.py" for room in ("models", "queries", "routes")],
        {"buildledger/api/routers.py": 2},
    )
    performed.run("buildledger.api.export")
    assert "read_durations" in (performed.root / "buildledger/api/openapi.json").read_text()
    performed.check()
    performed.run("buildledger.api.export", "--check")
    chosen = ["-k", "durations or every_field or has_a_schema or current"]
    tests = [f"tests/api/{name}" for name in ("routes/test_durations.py", "http/test_openapi.py", "queries")]
    performed.run("pytest", "-q", "-p", "no:cacheprovider", *chosen, *tests)


def test_add_a_fact(tmp_path: Path) -> None:
    """A fact costs four files, every reader that says nothing of it is named, and it is recorded and read back."""
    performed = perform("add-a-fact.md", tmp_path / "copy")
    touched = set(performed.added_lines) - {"tests/events/readers.yaml"}
    assert touched == {
        "buildledger/events/server.py",
        "buildledger/events/catalogue.py",
        "buildledger/domain/server.py",
        "tests/golden/stories/servers.py",
    }
    performed.run("tests.golden.record")
    performed.run("tests.golden.facts")
    performed.check()
    performed.run("pytest", "-q", "-p", "no:cacheprovider", "tests/events", "tests/domain/test_server_warnings.py")

    readers = performed.root / "tests/events/readers.yaml"
    readers.write_text(readers.read_text().replace("server.warned.v1: []\n", ""))
    said = performed.run("pytest", "-q", "-p", "no:cacheprovider", "tests/events/test_readers.py", fails=True)
    assert "server.warned.v1 isn't in readers.yaml" in said
    assert "projection status" in said
