"""What was answered, read with the doubt that it may not be a server of ours: a proxy, a login page, a program."""

from __future__ import annotations

import json
from typing import Any

import click
import httpx

SHOWN_CHARACTERS = 200
"""Of what somebody else's server says."""
NOT_OURS = "the address in the file `address` of the state directory leads to something else, or to another version"


class RefusedError(click.ClickException):
    """A server of Build Ledger refused."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
        """Of the problem; see the page of errors."""


class Answer(dict[str, Any]):
    """An object of JSON, in which a value that isn't there is a fault of the server's side and not of ours."""

    def __missing__(self, key: str) -> Any:
        """Called by `answer[key]`.

        Raises:
            ClickException
        """
        raise click.ClickException(f"the answer has no {key!r}: {NOT_OURS}")


def read_answer(answer: httpx.Response) -> Answer:
    """What a server answered with success.

    Raises:
        ClickException: It isn't what a server of Build Ledger answers.
    """
    try:
        read = json.loads(answer.content, object_hook=Answer)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, Answer):
        raise click.ClickException(
            f"{_asked(answer)} was answered {answer.status_code} with {_kind(answer)}, and not as a server of Build"
            f" Ledger answers: {NOT_OURS}"
        )
    return read


def objects_of(page: Answer) -> list[Answer]:
    """The items of a page.

    Raises:
        ClickException: There is something else in their place.
    """
    items = page["items"]
    if not isinstance(items, list) or not all(isinstance(item, Answer) for item in items):
        raise click.ClickException(f"'items' in the answer is no list of objects: {NOT_OURS}")
    return items


def problem_code(answer: httpx.Response) -> str | None:
    """The code of an error that a server of Build Ledger answers with; None: somebody else answered."""
    code = _document(answer).get("code")
    return code if isinstance(code, str) else None


def problem(answer: httpx.Response, url: str) -> str:
    """Why a server refused, in a line."""
    said = _document(answer)
    code = problem_code(answer)
    if code is not None:
        return f"{said.get('detail') or said.get('title') or answer.reason_phrase} ({code})"
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    if answer.is_redirect:
        there = _short(answer.headers.get("location", "nowhere"))
        return f"{url} sends whoever asks to {there}, which isn't followed: give the address of the server itself"
    again = answer.headers.get("retry-after", "")
    wait = f"; it asks to wait {again} s" if again.isdecimal() else ""
    return (
        f"{_asked(answer)} was answered {status} with {_kind(answer)}, not by a server of Build Ledger: look at what"
        f" stands between, or whether the address is right{wait}"
    )


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _asked(answer: httpx.Response) -> str:
    return f"{answer.request.method} {answer.request.url}"


def _kind(answer: httpx.Response) -> str:
    return _short(answer.headers.get("content-type", "")) if answer.content else "nothing"


def _short(text: str) -> str:
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return plain if len(plain) <= SHOWN_CHARACTERS else f"{plain[:SHOWN_CHARACTERS]}…"
