"""Every command, where the disk is full or read-only, or the database refuses: words, and never a traceback."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from buildledger.cli.main import COMMANDS
from tests.faults.commands import failed, misleading, run
from tests.faults.disk import Disk, disk
from tests.faults.installation import installation

DISK_BYTES = 8 << 20
CONFIGURATION = "version: 1\n"
NOBODY = "postgresql://nobody@127.0.0.1:9/none?connect_timeout=2"
WITH_STATE = {"serve", "backup", "audit", "projections", "token", "config"}
TINY_BYTES = 300 << 10
KEPT = ("ledger.db", "vault.db", "proof.db", "logs/logs.db")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a server that was killed."""
    directory = tmp_path_factory.mktemp("left")
    with installation(directory, CONFIGURATION) as server:
        server.start_server()
        server.kill_server()
        return server.state


def full(own: Disk) -> None:
    """Nothing more can be written."""
    own.fill()


def read_only(own: Disk) -> None:
    """Nothing can be opened for writing."""
    own.make_read_only()


@pytest.mark.parametrize("harm", [full, read_only])
def test_on_a_disk_that_cannot_be_written(left: Path, tmp_path: Path, harm: Callable[[Disk], None]) -> None:
    """A server doesn't start, a backup isn't made, and each says why; what only reads may do its work."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    with disk(tmp_path / "state", DISK_BYTES) as own:
        shutil.copytree(left, own.directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))
        harm(own)
        shown = run(tmp_path, own)
    assert misleading(shown) == []
    assert failed(shown) >= {"serve", "backup"}


def test_with_a_database_that_refuses(tmp_path: Path) -> None:
    """Each command that is given one ends, and says that it can't be used."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    (tmp_path / "state").mkdir()
    shown = run(tmp_path, only=set(COMMANDS) - {"demo"}, database=NOBODY)
    assert misleading(shown) == []
    assert failed(shown) >= {"serve", "audit", "projections"}


def cut(path: Path) -> None:
    """Half of it is gone."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def garbage(path: Path) -> None:
    """It is something else."""
    path.write_bytes(b"\xfe\x00 not what it was\n" * 500)


@pytest.mark.parametrize("harm", [cut, garbage])
def test_with_files_that_are_damaged(left: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """All that the server keeps is damaged: a server doesn't start, nothing is held for sound, and each says why."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    shutil.copytree(left, tmp_path / "state", ignore=shutil.ignore_patterns("*.sock", "*-wal", "*-shm"))
    views = list((tmp_path / "state/views").glob("*.db"))
    assert views
    for path in (*views, *(tmp_path / "state" / name for name in KEPT)):
        harm(path)
    shown = run(tmp_path, only=WITH_STATE)
    assert misleading(shown) == []
    assert failed(shown) >= {"serve", "audit"}


@pytest.mark.parametrize("name", ["ledger.db", "proof.db", "vault.db", "logs", "views"])
def test_with_something_that_may_not_be_read(left: Path, tmp_path: Path, name: str) -> None:
    """A server doesn't start, and what needs the file or directory names it: it is neither damaged nor empty."""
    shutil.copytree(left, tmp_path / "state", ignore=shutil.ignore_patterns("*.sock"))
    closed = tmp_path / "state" / name
    usual = closed.stat().st_mode
    closed.chmod(0)
    try:
        shown = run(tmp_path, only={"serve", "backup", "audit"})
    finally:
        closed.chmod(usual)
    assert misleading(shown) == []
    by_name = {" ".join(each.argv[:2] if each.argv[0] == "audit" else each.argv[:1]): each for each in shown}
    for command in (
        {"serve"} if name == "views" else {"serve", "backup"} - ({"backup"} if name == "proof.db" else set())
    ):
        assert by_name[command].code == 1
        assert f"state/{name}" in by_name[command].errors
        assert "contradicts itself" not in by_name[command].errors
    assert by_name["audit verify"].code == 1


def test_a_backup_leaves_out_nothing_that_may_not_be_read(left: Path, tmp_path: Path) -> None:
    """A directory inside one that is copied is named too, and no copy is left."""
    shutil.copytree(left, tmp_path / "state", ignore=shutil.ignore_patterns("*.sock"))
    closed = tmp_path / "state/logs/closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        (backup,) = run(tmp_path, only={"backup"})
    finally:
        closed.chmod(0o700)
    assert (backup.code, "state/logs/closed" in backup.errors) == (1, True)
    assert not (tmp_path / "state/made").exists()


@pytest.mark.parametrize("name", KEPT)
def test_a_backup_names_the_file_that_cannot_be_copied(left: Path, tmp_path: Path, name: str) -> None:
    """Of several databases, which one is damaged is what somebody has to know."""
    shutil.copytree(left, tmp_path / "state", ignore=shutil.ignore_patterns("*.sock", "*-wal", "*-shm"))
    garbage(tmp_path / "state" / name)
    (backup,) = run(tmp_path, only={"backup"})
    assert f"{tmp_path}/state/{name}: file is not a database" in backup.errors
    assert not (tmp_path / "state/made").exists()


def pipe(path: Path) -> None:
    """Nobody writes into it."""
    os.mkfifo(path)


def circle(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path)


def socket_file(path: Path) -> None:
    """Something that can't be opened."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, "is a pipe"),
        (circle, "symbolic links"),
        (socket_file, "No such device|is a socket"),
        (None, "No such file"),
    ],
)
def test_with_a_configuration_that_is_no_file(tmp_path: Path, make: Callable[[Path], None] | None, said: str) -> None:
    """Each command that is given one says what it is, and waits for nobody."""
    path = tmp_path / "given"
    if make is not None:
        make(path)
    (tmp_path / "ci.yaml").symlink_to(path)
    # `config` waits for a pipe for a while, for a program may write into it:
    # see tests/config/reading/test_given_files.py
    commands = {"serve", "demo", "bridge"} | ({"config"} if make is not pipe else set())
    shown = run(tmp_path, only=commands, config="ci.yaml", workers="ci.yaml")
    assert misleading(shown) == []
    told = [each for each in shown if "ci.yaml" in each.argv]
    silent = [each for each in told if not each.code or not re.search(said, each.errors)]
    # The option goes with another one there, whatever the file is.
    assert [each.argv for each in silent if "--pipeline-of" not in each.errors] == []
    assert {each.argv[0] for each in told} == commands


@pytest.mark.parametrize("text", [b"\xfe\x00\x80", b"a: [", b"- 1", None])
def test_with_a_configuration_that_cannot_be_read(tmp_path: Path, text: bytes | None) -> None:
    """Garbage, half of a file, another kind of file, a directory: what is wrong with it is said."""
    path = tmp_path / "ci.yaml"
    path.mkdir() if text is None else path.write_bytes(text)
    shown = run(tmp_path, only={"serve", "demo", "config"}, config=str(path))
    assert misleading(shown) == []
    assert failed(shown) == {"serve", "demo", "config"}


def test_with_a_port_that_is_taken(tmp_path: Path) -> None:
    """Whatever listens says which address it can't have."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        shown = run(tmp_path, None, {"serve", "demo"}, config="ci.yaml", http=address)
        shown += run(tmp_path, None, {"serve"}, config="ci.yaml", grpc=address)
    assert misleading(shown) == []
    assert sorted(each.argv[0] for each in shown if each.code) == ["demo", "serve", "serve"]
    assert [each.errors for each in shown if address not in each.errors] == []


def test_with_a_file_for_a_state_directory(tmp_path: Path) -> None:
    """Each command that is given one says so."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    (tmp_path / "state").write_text("no directory")
    shown = run(tmp_path, config="ci.yaml")
    assert misleading(shown) == []
    assert failed(shown) >= {"serve", "demo", "worker", "bridge", "conformance", "audit", "backup"}


def test_a_first_start_on_a_tiny_disk(tmp_path: Path) -> None:
    """There isn't room for an empty ledger: the server doesn't start, and says why."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    with disk(tmp_path / "state", TINY_BYTES) as own:
        shown = run(tmp_path, own, only={"serve"})
    assert misleading(shown) == []
    assert failed(shown) == {"serve"}
