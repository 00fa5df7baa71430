"""`buildledger serve`: what it refuses, and how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run, ServedDirectory


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--roles", "api,cook"), "not cook"),
        (("--roles", ""), "not nothing"),
        (("--http", "8010"), "write host:port"),
        (("--http", "0.0.0.0:0"), "the API would be open to the network"),
        (("--grpc", "0.0.0.0:0"), "workers would talk in clear"),
        (("--grpc-name", "ci.example"), "--grpc-name goes with --grpc-tls auto"),
        (("--grpc-mtls", "127.0.0.1:0"), "--grpc-mtls needs a certificate"),
        (("--artifact-file", "16"), "is no size"),
        (("--lease", "0"), "--lease"),
        (("--config", "nowhere.yaml"), "nowhere.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    """A setting that can't be followed is named in one line before anything is opened."""
    shown = run("serve", "--state", tmp_path / "state", *options)
    assert shown.exit_code in (1, 2)
    assert said in shown.output
    assert "Traceback" not in shown.output
    assert not (tmp_path / "state").exists()


def test_a_state_directory_has_one_server(run: Run, served: ServedDirectory) -> None:
    """A second server in the same directory is refused, with the process that holds it and where that answers."""
    shown = run("serve", "--state", served.state, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
    assert shown.exit_code == 1
    assert f"{served.state} belongs to a running server, process" in shown.output
    assert f", at http://127.0.0.1:{served.http}" in shown.output


def test_a_start_says_how_to_sign_in(served: ServedDirectory) -> None:
    """It names the address, the file whose text the dashboard asks for, and the command; a log gets no link."""
    said = served.output.read_text()
    assert f"serves http://127.0.0.1:{served.http}, workers at 127.0.0.1:{served.grpc}\n" in said
    command = f"buildledger sign-in --state {served.state}"
    assert (
        f"Sign in    with the token in {served.state / 'admin-token'}, or by the link that `{command}` prints\n" in said
    )
    assert "#token" not in said


def test_a_link_signs_in_once(run: Run, served: ServedDirectory) -> None:
    """`sign-in` prints an address of the dashboard; what stands behind its # buys one session."""
    printed = run("sign-in", "--state", served.state).output
    address, _, code = printed.strip().partition("/#token=")
    assert address == f"http://127.0.0.1:{served.http}"
    answers = [httpx.post(f"{address}/api/v1/session", json={"token": code}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert (served.state / "admin-token").read_text().strip() not in printed


@pytest.mark.parametrize("option", ["--http", "--grpc"])
def test_a_port_that_is_taken(tmp_path: Path, option: str) -> None:
    """The address that something else has is named in one line, with exit code 1, by a process that ends in order."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        addresses = {"--http": "127.0.0.1:0", "--grpc": "127.0.0.1:0"} | {option: taken}
        command = [sys.executable, "-m", "buildledger", "serve", "--state", str(tmp_path / "state")]
        command += [word for pair in addresses.items() for word in pair]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode == 1, shown.stderr
    assert taken in shown.stderr.splitlines()[-1]
    assert "Traceback" not in shown.stderr


def test_a_bad_configuration_at_the_first_start(run: Run, tmp_path: Path) -> None:
    """Without a configuration in force a bad file ends the server, with line and column of what is wrong."""
    config = tmp_path / "ci.yaml"
    config.write_text("version: 1\nbuildrs: {}\n")
    shown = run("serve", "--state", tmp_path / "state", "--config", config, "--http", "127.0.0.1:0")
    assert shown.exit_code == 1
    assert f"{config}:2:1" in shown.output


def test_sigterm_ends_it_in_good_order(run: Run, tmp_path: Path) -> None:
    """A server that is told to end exits with 0, prints its last head, and can be started in the directory again."""
    served = ServedDirectory(tmp_path)
    for _ in range(2):
        served.start("--config", str(served.config))
        assert served.stop() == 0, served.output.read_text()
        shown = run("audit", "verify", "--state", served.state, "--head", served.output)
        assert shown.exit_code == 0, shown.output
