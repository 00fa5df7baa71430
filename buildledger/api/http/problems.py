"""Problems: the errors that the API answers with, each with a status and a stable code (RFC 9457)."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from fastapi import Response

from buildledger.api.models.server import Problem as Document
from buildledger.domain.refusals import ConfigRevisionRefusal

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
URN = "urn:buildledger:problem:"

_encoder = msgspec.json.Encoder()


class Problem(Exception):  # noqa: N818 - the word of the RFC
    """Base of the errors that the API itself raises; each class has its own status and code."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "malformed"
    title: ClassVar[str] = "The request can't be understood"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers: dict[str, str] = {}


class NotFound(Problem):
    """Nothing has that name or id, at the position asked for."""

    status, code, title = 404, "not_found", "Not found"

    def __init__(self, noun: str, name: object, hint: str = "") -> None:
        super().__init__(f"there is no {noun} {name}{hint}")


class BadCursor(Problem):
    """A cursor that this list didn't give."""

    status, code, title = 400, "bad_cursor", "The cursor isn't one of this list"

    def __init__(self) -> None:
        super().__init__("give the `next` of the page before, unchanged, or leave the cursor out")


class Invalid(Problem):
    """The request is well-formed, but its values don't fit what they are for."""

    status, code, title = 422, "invalid", "The request isn't valid"


class UnknownParameter(Problem):
    """A query parameter that the address doesn't take."""

    status, code, title = 422, "unknown_parameter", "There is no such query parameter"

    def __init__(self, unknown: list[str], known: list[str]) -> None:
        takes = f"this address takes {', '.join(known)}" if known else "this address takes none"
        errors = [
            {"in": "query", "at": name, "message": f"unknown; {takes}", "kind": "unknown_parameter"} for name in unknown
        ]
        super().__init__(f"unknown query parameter {', '.join(unknown)}; {takes}", errors=errors)


class ReadModelsBehind(Problem):
    """The read models haven't reached the position asked for yet; trying again soon helps."""

    status, code, title = 503, "behind", "The read models are behind"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(RETRY_SECONDS)}


class TooBusy(Problem):
    """A limit on how much is done at once is reached; trying again later helps."""

    status, code, title = 503, "busy", "Too much at once"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(RETRY_SECONDS)}


class PositionNotReached(Problem):
    """The position asked for is beyond the last fact."""

    status, code, title = 404, "position_ahead", "That hasn't happened yet"


class BadPattern(Problem):
    """The pattern of a search isn't a valid regular expression, or takes too long."""

    status, code, title = 422, "bad_pattern", "The pattern can't be searched for"


class Unavailable(Problem):
    """The ledger can't be written at the moment; nothing was done."""

    status, code, title = 503, "unavailable", "The ledger can't be written"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(RETRY_SECONDS)}


class DatabaseAway(Unavailable):
    """The database can't be used at the moment; nothing was done, and it may be asked for again."""

    title = "The database can't be used"


class DiskAway(Unavailable):
    """A file or directory of the server can't be read or written at the moment; trying again later may help."""

    title = "The disk can't be used"


class LogsAway(Unavailable):
    """The log store can't be used at the moment; trying again later may help."""

    title = "The logs can't be read"


class Elsewhere(Unavailable):
    """Another server has what was asked for."""

    title = "Another server has it"


class OutcomeUnknown(Unavailable):
    """The ledger became unavailable while it wrote; repeating the command with its key finds out what happened."""

    code = "outcome_unknown"


class NotSignedIn(Problem):
    """The request showed neither a valid token nor a valid session cookie."""

    status, code, title = 401, "not_signed_in", "Sign in first"


class WrongToken(NotSignedIn):
    """The request showed something as the admin token that isn't it."""

    title = "Sign-in failed: wrong token"


class UsedLink(NotSignedIn):
    """Somebody opened a link that has signed in already, whose time is over, or that isn't of this server."""

    title = "Sign-in failed: the link was used already, or is too old"


class SessionEnded(NotSignedIn):
    """The request showed a session cookie that has expired or isn't of this server."""

    title = "Your session has ended"


class Forbidden(Problem):
    """The caller may not do that."""

    status, code, title = 403, "forbidden", "Not allowed"


class Misdirected(Problem):
    """The Host header names another server, as in an attack by DNS rebinding."""

    status, code, title = 421, "misdirected", "This server has another name"


class ConfigurationMoved(Problem):
    """Another configuration is in force than the one that was looked at."""

    status, code, title = 409, ConfigRevisionRefusal.code, "Another configuration is in force"


class ConfigurationUnusable(Problem):
    """An earlier configuration can't be put in force again as things are."""

    status, code, title = 422, "config_unusable", "That configuration can't be used any more"


class Gone(Problem):
    """It existed, and its bytes have been removed."""

    status, code, title = 410, "gone", "No longer kept"


class Altered(Problem):
    """What is stored isn't what was stored, so it isn't shown."""

    status, code, title = 409, "altered", "Altered since it was stored"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail}; `buildledger audit verify` names all that was altered")


class TooLarge(Problem):
    """The body of the request is longer than this address takes."""

    status, code, title = 413, "too_large", "The body is too large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"this address takes a body of {limit_bytes} bytes at the most")
        self.headers = {"Connection": "close"}


class RangeNotSatisfiable(Problem):
    """The Range header asks for bytes that don't exist."""

    status, code, title = 416, "range_not_satisfiable", "There are no such bytes"


def respond(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    instance: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The response that carries a problem document."""
    document = Document(
        type=URN + code, title=title, status=status, detail=detail, code=code, instance=instance, errors=errors or []
    )
    return Response(
        _encoder.encode(document),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def problem_response(problem: Problem, instance: str) -> Response:
    """The response to a problem that the API itself raised; `instance` is the path asked for."""
    return respond(
        problem.status,
        problem.code,
        problem.title,
        problem.detail,
        instance=instance,
        errors=problem.errors,
        headers=problem.headers,
    )
