"""A real sshd on loopback, with keys and a port of its own, run by whoever runs the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.fakes.ports import free_port

INSTALL = "these tests need a real sshd: apt-get install openssh-server (it needn't run)"
DEADLINE_SECONDS = 60.0


class Sshd:
    """`identity` signs in, `known_hosts` has its key; `port` is where it listens."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.identity = directory / "user key"
        self.known_hosts = directory / "known hosts"
        self._process: subprocess.Popen[bytes] | None = None
        for key in (self.identity, directory / "host_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        public = (directory / "host_key.pub").read_text().split()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n")
        shutil.copy(f"{self.identity}.pub", directory / "authorized_keys")
        (directory / "sshd_config").write_text(
            f"""
ListenAddress 127.0.0.1
Port {self.port}
HostKey "{directory}/host_key"
AuthorizedKeysFile "{directory}/authorized_keys"
PidFile "{directory}/sshd.pid"
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""
        )

    def start(self) -> None:
        """Start it and wait until it listens."""
        program = shutil.which("sshd") or "/usr/sbin/sshd"
        if not Path(program).exists():
            pytest.fail(INSTALL)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.directory / "sshd.txt").open("ab") as output:
            argv = [program, "-D", "-e", "-f", str(self.directory / "sshd_config")]
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while "Server listening" not in (self.directory / "sshd.txt").read_text():
            assert self._process.poll() is None, (self.directory / "sshd.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def freeze(self) -> None:
        """Take no more connections; those that are stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Take them again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def connections(self) -> list[psutil.Process]:
        """The ssh clients that hold a connection to it."""
        return [each for each in psutil.process_iter() if _is_client(each, str(self.identity))]

    def cut(self) -> int:
        """Kill all connections from their clients' side, and give how many there were."""
        cut = self.connections()
        for each in cut:
            each.kill()
        return len(cut)

    def stop(self) -> None:
        """End it with all its connections; what was started through it goes on."""
        if self._process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self._process.pid).children():
                    child.kill()
            self._process.kill()
            self._process.wait()
        self.cut()


def _is_client(process: psutil.Process, identity: str) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return command[:1] == ["ssh"] and "-M" in command and any(identity in argument for argument in command)


@contextmanager
def sshd(directory: Path) -> Iterator[Sshd]:
    """One that runs, and doesn't afterwards."""
    server = Sshd(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
