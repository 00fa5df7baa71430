"""Talking to a running server from the same machine: its address and its admin token stand in the state directory."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import click
import httpx

from buildledger.cli.answers import Answer, RefusedError, objects_of, problem, problem_code, read_answer
from buildledger.settings import ADDRESS_FILE, ADMIN_TOKEN_FILE

TIMEOUT_SECONDS = 30.0
EXAMPLE = "http://127.0.0.1:8010"
PORT_MAX = 65_535


class Client:
    """The API as the command line needs it; what goes wrong becomes one readable line and exit code 1."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.url, self.token = _address(state), _token(state)
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1", timeout=TIMEOUT_SECONDS, headers={"Authorization": f"Bearer {self.token}"}
        )

    def get(self, path: str, **parameters: str | int) -> Answer:
        """Read one resource."""
        return read_answer(self._ask("GET", path, params=parameters))

    def find(self, path: str, **parameters: str | int) -> Answer | None:
        """Read one resource that may not be there."""
        answer = self._ask("GET", path, absent_ok=True, params=parameters)
        return read_answer(answer) if answer.is_success else None

    def items(self, path: str, **parameters: str | int) -> list[Answer]:
        """Read the first page of a list."""
        return objects_of(self.get(path, **parameters))

    def post(self, path: str, body: dict[str, Any], **parameters: str | int) -> Answer:
        """Give a command, answered when it is durable; or ask with more than an address can hold."""
        return read_answer(self._ask("POST", path, json=body, params=parameters))

    def _ask(self, method: str, path: str, absent_ok: bool = False, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise click.ClickException(f"the server doesn't answer at {self.url}: {self._why(error)}") from None
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise click.ClickException(f"the server can't be asked for that: {error}") from None
        if answer.is_success:
            return answer
        code = problem_code(answer)
        if absent_ok and code == "not_found":
            return answer
        if code == "not_signed_in":
            raise click.ClickException(
                f"the server at {self.url} knows another token than the one in {self._state / ADMIN_TOKEN_FILE}: is it"
                f" that of another state directory? ({code})"
            )
        if code is not None:
            raise RefusedError(problem(answer, self.url), code)
        raise click.ClickException(problem(answer, self.url))

    def _why(self, error: httpx.TransportError) -> str:
        """What kept it from being asked, and what to do."""
        cause = _root(error)
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate isn't trusted: {cause.verify_message}"
            case ssl.SSLError():
                return f"what listens there doesn't speak TLS, which https means ({cause.reason or cause})"
            case socket.gaierror():
                return f"its name can't be resolved: {cause.strerror}"
            case ConnectionRefusedError():
                return f"nothing listens there: start it with `buildledger serve --state {self._state}`"
        match error:
            case httpx.TimeoutException():
                return f"nothing came within {TIMEOUT_SECONDS:.0f} s"
            case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.DecodingError():
                return f"what listens there speaks no HTTP, or broke off: is it the address of --http? ({error})"
        return str(error)


def _root(error: BaseException) -> BaseException:
    """What was first: the libraries between wrap it, some of them without its kind."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _address(state: Path) -> str:
    text = _written(state, ADDRESS_FILE)
    try:
        url = httpx.URL(text)
        right = url.scheme in ("http", "https") and url.host and url.path in ("", "/") and not url.query
        right = right and (url.port is None or 0 < url.port <= PORT_MAX)
    except httpx.InvalidURL:
        right = False
    if not right:
        raise click.ClickException(
            f"{state / ADDRESS_FILE} holds {text[:100]!r}, which is no address of a server like {EXAMPLE}: start the"
            " server there again, and it is written anew"
        )
    return text.rstrip("/")


def _token(state: Path) -> str:
    text = _written(state, ADMIN_TOKEN_FILE)
    if not (text.isascii() and text.isprintable() and text and " " not in text):
        what = "something else than a token" if text else "nothing"
        raise click.ClickException(
            f"{state / ADMIN_TOKEN_FILE} holds {what}: remove it and start the server there again, and one is made"
        )
    return text


def _written(state: Path, name: str) -> str:
    try:
        return (state / name).read_text().strip()
    except FileNotFoundError:
        raise click.ClickException(
            f"no server has run in {state}: start one with `buildledger serve --state {state}`"
        ) from None
    except ValueError as error:
        raise click.ClickException(f"{state / name} holds something else than a server writes: {error}") from None
