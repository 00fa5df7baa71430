"""Real proxies that end TLS, with the configurations of `examples/proxies` at other addresses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import ec

from buildledger.slave_grpc.identity.authority import Authority, private_pem
from tests.fakes.ports import free_port
from tests.slave_grpc.worker_programs import ROOT

EXAMPLES = ROOT / "examples" / "proxies"


class Proxy(ABC):
    """A proxy for the server on `server_port` of this machine, and who has certified it."""

    EXAMPLE: ClassVar[str]

    def __init__(self, directory: Path, server_port: int) -> None:
        directory.mkdir()
        self.port = free_port()
        self.issuer = directory / "issuer.pem"
        self.directory = directory
        self.configuration = directory / self.EXAMPLE
        self.process: subprocess.Popen[bytes] | None = None
        self._certify()
        text = (EXAMPLES / self.EXAMPLE).read_text()
        for written, here in {
            "/etc/ssl/ci.example.org.pem": str(directory / "server.pem"),
            "/etc/ssl/private/ci.example.org-key.pem": str(directory / "server-key.pem"),
            **self.replacements(server_port),
        }.items():
            assert written in text, written
            text = text.replace(written, here)
        self.configuration.write_text(text)

    @abstractmethod
    def replacements(self, server_port: int) -> dict[str, str]:
        """What is different here from the example."""

    @abstractmethod
    def command(self) -> list[str]:
        """How it is started."""

    def start(self) -> None:
        """Serve."""
        # Its own group, so that kill() reaches its children too.
        self.process = subprocess.Popen(self.command(), process_group=0)

    def reload(self) -> None:
        """Have it take up its configuration again."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _certify(self) -> None:
        now = datetime.now(UTC)
        authority, key = Authority.at(self.directory, now), ec.generate_private_key(ec.SECP256R1())
        chain = authority.certify_server(key.public_key(), ("localhost", "127.0.0.1"), now).chain_pem
        (self.directory / "server.pem").write_bytes(chain)
        (self.directory / "server-key.pem").write_bytes(private_pem(key))
        self.issuer.write_bytes(authority.certificate_pem)


class Nginx(Proxy):
    """nginx; after a reload the old processes give their streams a second."""

    EXAMPLE = "nginx.conf"

    def replacements(self, server_port: int) -> dict[str, str]:
        """See `Proxy`."""
        return {
            "127.0.0.1:8011": f"127.0.0.1:{server_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "/var/log/nginx/buildledger.log": str(self.directory / "access.log"),
            "worker_processes auto;": f"worker_processes 1; daemon off; pid {self.directory}/pid;",
            "worker_shutdown_timeout 10s;": "worker_shutdown_timeout 1s;",
        }

    def command(self) -> list[str]:
        """See `Proxy`."""
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        return [program, "-p", str(self.directory), "-c", str(self.configuration), "-e", "error.log"]

    def reload(self) -> None:
        """See `Proxy`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)


class Envoy(Proxy):
    """Envoy, which takes up a static configuration by being started again."""

    EXAMPLE = "envoy.yaml"

    def replacements(self, server_port: int) -> dict[str, str]:
        """See `Proxy`."""
        return {
            "address: 0.0.0.0, port_value: 443": f"address: 127.0.0.1, port_value: {self.port}",
            "address: 127.0.0.1, port_value: 8011": f"address: 127.0.0.1, port_value: {server_port}",
        }

    def command(self) -> list[str]:
        """See `Proxy`."""
        options = ["--use-dynamic-base-id", "--log-level", "error", "--concurrency", "1"]
        return ["envoy", "--config-path", str(self.configuration), *options]
