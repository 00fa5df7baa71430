"""Files of secrets for a command: in memory where the system has /dev/shm, and removed when the run ends.

Their directory is named after the run's cookie, so that a killed worker finds and removes it at its next start.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

_MEMORY_DIRECTORY = Path("/dev/shm")  # noqa: S108 - a private directory is made in it


@contextmanager
def secret_files(command: pb.Command, cookie: str, state_dir: Path) -> Iterator[dict[str, str]]:
    """Write the secrets that are wanted as files; gives the variables that name them, and removes them at the end."""
    directory = _directory(cookie, state_dir)
    directory.mkdir(mode=0o700)
    try:
        yield {
            secret.file_env: _write(directory / f"{number}-{secrets.token_hex(4)}", secret.value)
            for number, secret in enumerate(command.secrets)
            if secret.file_env
        }
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def remove_left_over(cookie: str, state_dir: Path) -> None:
    """Remove the secret files of a run whose worker was killed, if there are any."""
    shutil.rmtree(_directory(cookie, state_dir), ignore_errors=True)


def _directory(cookie: str, state_dir: Path) -> Path:
    parent = _MEMORY_DIRECTORY if _MEMORY_DIRECTORY.is_dir() else state_dir
    return parent / f"buildledger-{cookie}"


def _write(path: Path, value: bytes) -> str:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(value)
    return str(path)
