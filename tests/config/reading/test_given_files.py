"""Files that somebody names and that turn out to be pipes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from buildledger.config.reading.given_files import read_file
from buildledger.config.secrets.files import FileSecrets
from buildledger.config.secrets.provider import SecretUnavailableError


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """One that nobody has opened."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(pipe: Path) -> None:
    """After a while it is said that it is one."""
    with pytest.raises(OSError, match="it is a pipe, and nobody writes into it"):
        read_file(pipe, 100, pipe_seconds=0.05)


def test_what_a_program_writes_into_a_pipe_is_read(pipe: Path) -> None:
    """As `buildledger config check <(make-config)` has it: whole, also in pieces, and up to the limit."""

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            file.write(b"version: ")
            file.write(b"1\n")

    writer = threading.Thread(target=write)
    writer.start()
    assert read_file(pipe, 100) == b"version: 1\n"
    writer.join()


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    """And a device that never ends, too."""
    (tmp_path / "file").write_bytes(b"0123456789")
    assert read_file(tmp_path / "file", 4) == b"0123"
    assert read_file(tmp_path / "file", 100) == b"0123456789"
    assert read_file(Path("/dev/zero"), 1000) == bytes(1000)


def test_a_secret_that_is_a_pipe_holds_no_server_up(pipe: Path) -> None:
    """Secrets are read while a worker waits for its operation."""
    with pytest.raises(SecretUnavailableError, match="it is a pipe"):
        FileSecrets(pipe.parent).read(pipe.name)
