"""Problems: every error that the API answers with, as a document (RFC 9457) with a stable code."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from buildledger.api.http.responses import POSITION_HEADER, Unchanged
from buildledger.api.models.server import Problem as Document
from buildledger.domain.refusals import LimitRefusal, NotFoundRefusal, Refusal, TokenRefusal
from buildledger.ledger.errors import DATABASE_ERRORS, LedgerUnavailable
from buildledger.ledger.skipping import is_passing
from buildledger.logs.artifacts import ArtifactAlteredError
from buildledger.logs.elsewhere import StoredElsewhereError
from buildledger.logs.store import BadPatternError, LogAlteredError, LogStoreUnavailableError
from buildledger.projections.reading import PositionAhead

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
URN = "urn:buildledger:problem:"

_SUBMITTED = "submitted"
"""What a request's state has once commands were handed to the ledger: before that, nothing was done."""

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()

_STATUS_OF_REFUSALS: dict[type[Refusal], int] = {NotFoundRefusal: 404, TokenRefusal: 422, LimitRefusal: 422}
"""Every other refusal is a conflict with what is recorded: 409."""
CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    421: "misdirected",
    429: "too_many",
    500: "internal",
    503: "unavailable",
}
"""What is answered to a request that no route took, by its status."""


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


class SessionEnded(NotSignedIn):
    """The request showed a session cookie that has expired or isn't of this server."""

    title = "Your session has ended"


class Forbidden(Problem):
    """The caller may not do that."""

    status, code, title = 403, "forbidden", "Not allowed"


class Misdirected(Problem):
    """The Host header names another server, as in an attack by DNS rebinding."""

    status, code, title = 421, "misdirected", "This server has another name"


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


def note_submission(request: Request) -> None:
    """From here on commands of this request may have been recorded, whatever goes wrong."""
    setattr(request.state, _SUBMITTED, True)


def install(app: FastAPI) -> None:
    """Register a handler for every exception, so that each is answered with a problem document."""
    for kind, handler in (
        (Unchanged, _unchanged),
        (Problem, _problem),
        (Refusal, _refusal),
        (LedgerUnavailable, _unavailable),
        *((kind, _database_away) for kind in DATABASE_ERRORS),
        (DBAPIError, _of_a_database),
        (OSError, _disk_away),
        (LogStoreUnavailableError, _logs_away),
        (PositionAhead, _ahead),
        (StoredElsewhereError, _elsewhere),
        (BadPatternError, _bad_pattern),
        (LogAlteredError, _altered),
        (ArtifactAlteredError, _altered),
        (RequestValidationError, _invalid),
        (HTTPException, _http),
        (Exception, _unforeseen),
    ):
        app.add_exception_handler(kind, handler)  # type: ignore[arg-type]


async def _unchanged(_: Request, unchanged: Unchanged) -> Response:
    headers = {"ETag": unchanged.etag, POSITION_HEADER: str(unchanged.position), "Cache-Control": "private, no-cache"}
    return Response(status_code=304, headers=headers)


async def _problem(request: Request, problem: Problem) -> Response:
    return problem_response(problem, request.url.path)


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


async def _refusal(request: Request, refusal: Refusal) -> Response:
    status = _STATUS_OF_REFUSALS.get(type(refusal), 409)
    title = (type(refusal).__doc__ or "The rules say no").split("\n")[0].rstrip(".")
    return respond(status, refusal.code, title, str(refusal), instance=request.url.path)


async def _unavailable(request: Request, error: LedgerUnavailable) -> Response:
    problem = OutcomeUnknown(str(error)) if error.outcome_unknown else Unavailable(str(error))
    return problem_response(problem, request.url.path)


async def _database_away(request: Request, error: Exception) -> Response:
    """Says nothing of statements and addresses, which the server's log has."""
    _log.warning("%s %s: the database is away: %s", request.method, request.url.path, str(error).splitlines()[0])
    detail = "the database can't be used at the moment; the server goes on by itself when it is back"
    unknown = getattr(request.state, _SUBMITTED, False)
    return problem_response(OutcomeUnknown(detail) if unknown else DatabaseAway(detail), request.url.path)


async def _of_a_database(request: Request, error: DBAPIError) -> Response:
    """A file that is damaged is a database that can't be used; what the statement itself is blamed for is our fault."""
    if not is_passing(error):
        raise error
    return await _database_away(request, error)


async def _disk_away(request: Request, error: OSError) -> Response:
    """Says nothing of paths, which the server's log has."""
    if error.errno is None or isinstance(error, TimeoutError | ConnectionError):
        raise error
    _log.warning("%s %s: the disk can't be used: %s", request.method, request.url.path, error)
    detail = f"the server can't read or write a file of its own: {error.strerror}"
    return problem_response(DiskAway(detail), request.url.path)


async def _logs_away(request: Request, error: LogStoreUnavailableError) -> Response:
    _log.warning("%s %s: %s", request.method, request.url.path, error)
    return problem_response(LogsAway("the log store can't be used at the moment"), request.url.path)


async def _ahead(request: Request, error: PositionAhead) -> Response:
    """A position beyond the ledger isn't there; one that the views have yet to reach will be soon."""
    beyond = error.asked > request.app.state.dependencies.ledger.head()
    return problem_response(
        PositionNotReached(str(error)) if beyond else ReadModelsBehind(str(error)), request.url.path
    )


async def _elsewhere(request: Request, error: StoredElsewhereError) -> Response:
    return problem_response(Elsewhere(str(error)), request.url.path)


async def _bad_pattern(request: Request, error: BadPatternError) -> Response:
    return problem_response(BadPattern(str(error)), request.url.path)


async def _altered(request: Request, error: LogAlteredError | ArtifactAlteredError) -> Response:
    return problem_response(Altered(str(error)), request.url.path)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    errors = [
        {"in": str(place[0]), "at": "/".join(map(str, place[1:])), "message": str(one["msg"]), "kind": str(one["type"])}
        for one in error.errors()
        if (place := one["loc"] or ("request",))
    ]
    detail = "; ".join(f"{one['at'] or one['in']}: {one['message']}" for one in errors[:3])
    malformed = any(one["kind"] == "json_invalid" for one in errors)
    status, code = (400, "malformed") if malformed else (422, "invalid")
    return respond(status, code, "The request isn't valid", detail, instance=request.url.path, errors=errors)


async def _http(request: Request, error: HTTPException) -> Response:
    code = CODES.get(error.status_code, CODES[400])
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return respond(
        error.status_code, code, str(error.detail), detail, instance=request.url.path, headers=dict(error.headers or {})
    )


async def _unforeseen(request: Request, _: Exception) -> Response:
    """An error that nobody expected; the server's log has it, with its traceback."""
    return respond(500, "internal", "A fault of Build Ledger", "the server's log says more", instance=request.url.path)
