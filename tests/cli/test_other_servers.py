"""Commands whose address leads to no server of Build Ledger, and arguments that no server can be asked for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Run, ServedDirectory

ASKING = {
    "workers list": (),
    "workers revoke": ("w1",),
    "token": (),
    "config show": (),
    "requests": (),
    "explain": ("abcd",),
}
LONG = "x" * 100_000
NO_TEXT = "a\udcff"
"""What Python makes of an argument that isn't UTF-8."""


def _state(directory: Path, address: str, token: str = "a-token-of-some-length") -> Path:
    (directory / "address").write_text(address + "\n")
    (directory / "admin-token").write_text(token + "\n")
    return directory


@contextmanager
def _answering(status: int, kind: str, body: bytes, **headers: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            said = {"content-type": kind, "content-length": str(len(body)), **headers}
            for name, value in said.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the library calls

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _ask_all(run: Run, state: Path) -> list[str]:
    said = []
    for name, more in ASKING.items():
        shown = run(*name.split(), "--state", state, *more)
        assert shown.exit_code == 1, (name, shown.output)
        assert "Nobody foresaw" not in shown.output, (name, shown.output)
        said.append(shown.output)
    return said


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", b"<h1>Welcome</h1>"),
        (200, "application/json", b"[]"),
        (200, "application/json", b"{}"),
        (200, "application/json", b'{"items": 3, "next": null, "worker": {}, "token": {"a": 1}}'[:-1]),
        (200, "application/json", b"\xff\xfe"),
        (200, "application/json", b"[" * 200_000),
        (204, "text/plain", b""),
        (404, "text/html", b"nginx"),
        (401, "text/html", b"sign in"),
        (413, "application/json", b"[1]"),
        (500, "application/json", b'"boom"'),
        (502, "text/html", b"<h1>Bad gateway</h1>"),
    ],
)
def test_an_answer_of_something_else_is_said_to_be_one(
    run: Run, tmp_path: Path, status: int, kind: str, body: bytes
) -> None:
    """A proxy, a page to sign in at, another program: that it is no server of Build Ledger, and what was answered."""
    with _answering(status, kind, body) as address:
        said = _ask_all(run, _state(tmp_path, address))
    assert [each for each in said if "Build Ledger" not in each and "something else" not in each] == []


def test_a_proxy_that_asks_to_wait(run: Run, tmp_path: Path) -> None:
    """For how long stands in the error."""
    with _answering(429, "text/html", b"slowly", retry_after="30") as address:
        said = _ask_all(run, _state(tmp_path, address))
    assert all("429 Too Many Requests" in each and "it asks to wait 30 s" in each for each in said)


def test_a_proxy_that_sends_elsewhere(run: Run, tmp_path: Path) -> None:
    """A token is sent nowhere else, and where it should have gone is said."""
    with _answering(302, "text/html", b"", location="http://elsewhere.example/sign-in") as address:
        said = _ask_all(run, _state(tmp_path, address))
    assert all("http://elsewhere.example/sign-in, which isn't followed" in each for each in said)


def test_a_list_that_is_none(run: Run, tmp_path: Path) -> None:
    """Items that are no list are a fault of whoever answered."""
    with _answering(200, "application/json", b'{"items": 3, "next": null}') as address:
        shown = run("workers", "list", "--state", _state(tmp_path, address))
    assert shown.exit_code == 1
    assert "no list of objects" in shown.output


def _speaks_otherwise(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"220 mail.example ESMTP\r\n")


def _leaves(connection: socket.socket) -> None:
    connection.recv(65_536)


@pytest.mark.parametrize("behaviour", [_speaks_otherwise, _leaves])
def test_a_port_of_another_protocol(run: Run, tmp_path: Path, behaviour: Callable[[socket.socket], None]) -> None:
    """What listens there speaks no HTTP, as the workers' port: the address of which option it should be is said."""

    def serve(listener: socket.socket) -> None:
        for _ in ASKING:
            connection, _ = listener.accept()
            with connection:
                behaviour(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        said = _ask_all(run, _state(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()
    assert [each for each in said if "--http" not in each] == []


def test_https_to_a_port_without_tls(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """That it is the scheme which is wrong is said."""
    said = _ask_all(run, _state(tmp_path, f"https://127.0.0.1:{served.http}"))
    assert all("doesn't speak TLS, which https means" in each for each in said)


def test_a_port_where_nobody_listens(run: Run, tmp_path: Path) -> None:
    """It is said how to start a server there."""
    said = _ask_all(run, _state(tmp_path, "http://127.0.0.1:9"))
    assert all(f"buildledger serve --state {tmp_path}" in each for each in said)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:8010",
        "ftp://127.0.0.1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:1/app",
        "http://a\nb",
        "x" * 9999,
    ],
)
def test_an_address_that_is_none(run: Run, tmp_path: Path, address: str) -> None:
    """The file that holds it is named, and that a start of the server writes it anew."""
    said = _ask_all(run, _state(tmp_path, address))
    assert all(f"{tmp_path / 'address'} holds" in each and "start the server" in each for each in said)
    assert all(len(each) < 1000 for each in said)


@pytest.mark.parametrize("token", ["", "é", "two\nlines", "a b"])
def test_a_token_that_is_none(run: Run, tmp_path: Path, token: str) -> None:
    """The file that holds it is named, and how to have one made."""
    said = _ask_all(run, _state(tmp_path, "http://127.0.0.1:9", token))
    assert all(f"{tmp_path / 'admin-token'} holds" in each for each in said)


def test_a_token_of_another_server(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """The address of one state directory with the token of another: which file holds the wrong one is said."""
    said = _ask_all(run, _state(tmp_path, f"http://127.0.0.1:{served.http}"))
    assert all(f"another token than the one in {tmp_path / 'admin-token'}" in each for each in said)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "a\nb", NO_TEXT, LONG])
@pytest.mark.parametrize(
    "command", [("workers", "revoke"), ("token", "--worker"), ("requests", "--builder"), ("explain",)], ids=" ".join
)
def test_an_argument_that_nothing_is_called(
    run: Run, served: ServedDirectory, command: tuple[str, ...], name: str
) -> None:
    """It is refused as a wrong argument, in a line that doesn't repeat all of a long one."""
    shown = (
        run(*command[:-1], "--state", served.state, command[-1], name)
        if command[-1].startswith("--")
        else run(*command, "--state", served.state, name)
    )
    assert shown.exit_code == 2, shown.output
    assert "Invalid value" in shown.output
    assert len(shown.output) < 600


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("workers", "revoke", "locl"), "there is no worker locl, did you mean 'local'?"),
        (("token", "--worker", "locl"), "there is no configured worker locl, did you mean 'local'?"),
        (("requests", "--builder", "test"), "there is no builder test, did you mean 'tests'?"),
    ],
)
def test_a_name_that_is_nearly_right(run: Run, served: ServedDirectory, command: tuple[str, ...], said: str) -> None:
    """What may have been meant is said."""
    shown = run(*command, "--state", served.state)
    assert (shown.exit_code, said in shown.output) == (1, True), shown.output


def test_a_command_that_is_nearly_right(run: Run) -> None:
    """What may have been meant is said of commands, too."""
    assert "Did you mean 'workers'?" in run("worekrs").output
