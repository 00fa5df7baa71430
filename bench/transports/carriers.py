"""What each way needs to be there, and the commands of its two ends."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench import processes
from bench.buildbot.environment import REPOSITORY

START_SECONDS = 90.0
Argv = Sequence[str | Path]


class Carrier(Protocol):
    """One way to carry the job, started."""

    name: str
    address: str
    """host:port of what the sender connects to, which a proxy can stand before."""

    def receiver(self, store: Path) -> Argv | None:
        """The command of the receiving end; None if it is started through the connection."""

    def sender(self, address: str, job: str, connections: int, store: Path) -> Argv:
        """The command of the sending end."""

    def pids(self) -> dict[str, list[int]]:
        """Processes between the ends, by what they are."""

    def stop(self) -> None:
        """End what was started."""


class Grpc:
    """Nothing between the ends."""

    name = "grpc"

    def __init__(self, folder: Path, python: Path) -> None:
        self.address = f"127.0.0.1:{processes.free_port()}"

    def receiver(self, store: Path) -> Argv:
        """See `Carrier.receiver`."""
        return [sys.executable, "-m", "bench.transports.over_grpc", "receive", store, self.address.split(":")[1]]

    def sender(self, address: str, job: str, connections: int, store: Path) -> Argv:
        """See `Carrier.sender`."""
        return [sys.executable, "-m", "bench.transports.over_grpc", "send", address, job, str(connections)]

    def pids(self) -> dict[str, list[int]]:
        """See `Carrier.pids`."""
        return {}

    def stop(self) -> None:
        """Nothing was started."""


class Amqp:
    """A RabbitMQ node of its own, below the folder."""

    name = "amqp"

    def __init__(self, folder: Path, python: Path) -> None:
        self._python = python
        if not shutil.which("rabbitmq-server"):
            raise RuntimeError("there is no rabbitmq-server: apt-get install rabbitmq-server")
        port = processes.free_port()
        self.address = f"127.0.0.1:{port}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._env = {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"bench{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(processes.free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            # Erlang starts a daemon of names, which would outlive the node: one of our own can be ended.
            "ERL_EPMD_PORT": str(processes.free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        # Debian's wrapper changes the user; the server itself doesn't need that.
        program = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
        self._broker = processes.start([program], cwd=folder, output=folder / "broker.txt", env=self._env)
        processes.wait_until("RabbitMQ", lambda: processes.listens(port), START_SECONDS)

    def receiver(self, store: Path) -> Argv:
        """See `Carrier.receiver`."""
        return [self._python, "-m", "bench.transports.over_amqp", "receive", store, self._url(self.address)]

    def sender(self, address: str, job: str, connections: int, store: Path) -> Argv:
        """See `Carrier.sender`."""
        return [self._python, "-m", "bench.transports.over_amqp", "send", self._url(address), job, str(connections)]

    def pids(self) -> dict[str, list[int]]:
        """See `Carrier.pids`."""
        return {"broker": processes.family(self._broker.pid)}

    def stop(self) -> None:
        """End it."""
        processes.stop(self._broker)
        subprocess.run(["epmd", "-port", self._env["ERL_EPMD_PORT"], "-kill"], check=False, stdout=subprocess.DEVNULL)

    def _url(self, address: str) -> str:
        return f"amqp://guest:guest@{address}/"


class Amp:
    """An sshd of its own with a key of its own; the receiver is a command that the sender starts through it."""

    name = "amp_ssh"

    def __init__(self, folder: Path, python: Path) -> None:
        sshd = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if not sshd:
            raise RuntimeError("there is no sshd: apt-get install openssh-server")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        self._python, self._key = python, folder / "user"
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
        port = processes.free_port()
        self.address = f"127.0.0.1:{port}"
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
            f"PidFile {folder}/pid\nStrictModes no\nUsePAM no\nMaxStartups 200\nMaxSessions 200\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        argv: list[str | Path] = [sshd, "-D", "-e", "-f", folder / "sshd_config"]
        self._sshd = processes.start(argv, cwd=folder, output=folder / "sshd.txt")
        processes.wait_until("sshd", lambda: processes.listens(port), START_SECONDS)

    def receiver(self, store: Path) -> None:
        """See `Carrier.receiver`."""

    def sender(self, address: str, job: str, connections: int, store: Path) -> Argv:
        """See `Carrier.sender`."""
        options = "BatchMode=yes,StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,LogLevel=ERROR"
        ssh: list[str | Path] = ["ssh", "-i", self._key, "-p", address.split(":")[1], "-l", getpass.getuser()]
        ssh += [part for option in options.split(",") for part in ("-o", option)] + ["127.0.0.1"]
        if job == "idle":
            # What one idle connection costs the machine it leads to; what would run there is no part of it.
            connect = " ".join(str(part) for part in [*ssh, "-N"])
            return [
                "sh",
                "-c",
                f"for i in $(seq {connections}); do {connect} & sleep 0.2; done; sleep 3; echo ready; wait",
            ]
        remote = f"cd {REPOSITORY} && exec {self._python} -m bench.transports.over_amp receive {store}"
        return [self._python, "-m", "bench.transports.over_amp", "send", job, *ssh, remote]

    def pids(self) -> dict[str, list[int]]:
        """See `Carrier.pids`."""
        return {"sshd": processes.family(self._sshd.pid)}

    def stop(self) -> None:
        """End it."""
        processes.stop(self._sshd)


CARRIERS = (Grpc, Amqp, Amp)
