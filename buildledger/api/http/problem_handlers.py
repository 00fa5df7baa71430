"""Which problem answers which exception: whatever a request meets, its answer is a problem document."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from buildledger.api.http.problems import (
    Altered,
    BadPattern,
    DatabaseAway,
    DiskAway,
    Elsewhere,
    LogsAway,
    OutcomeUnknown,
    PositionNotReached,
    Problem,
    ReadModelsBehind,
    Unavailable,
    problem_response,
    respond,
)
from buildledger.api.http.responses import POSITION_HEADER, Unchanged
from buildledger.clock import SystemClock
from buildledger.domain.refusals import LimitRefusal, NotFoundRefusal, Refusal, TokenRefusal
from buildledger.ledger.errors import DATABASE_ERRORS, LedgerUnavailable
from buildledger.ledger.outage import Outage
from buildledger.ledger.skipping import is_passing
from buildledger.logs.artifacts import ArtifactAlteredError
from buildledger.logs.elsewhere import StoredElsewhereError
from buildledger.logs.store import BadPatternError, LogAlteredError, LogStoreUnavailableError
from buildledger.projections.reading import PositionAhead

_DATABASE = "requests can't be answered, for the database is away"
_DISK = "requests can't be answered, for the disk can't be used"
_LOGS = "logs can't be read"
_SUBMITTED = "submitted"
"""What a request's state has once commands were handed to the ledger: before that, nothing was done."""

_log = logging.getLogger(__name__)

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


def note_submission(request: Request) -> None:
    """From here on commands of this request may have been recorded, whatever goes wrong."""
    setattr(request.state, _SUBMITTED, True)


def install(app: FastAPI) -> None:
    """Register a handler for every exception, so that each is answered with a problem document."""
    clock = SystemClock()
    app.state.outages = {
        what: Outage(_log, clock, level=logging.WARNING, failing=what, passed="requests are answered", noun="request")
        for what in (_DATABASE, _DISK, _LOGS)
    }
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


async def _refusal(request: Request, refusal: Refusal) -> Response:
    status = _STATUS_OF_REFUSALS.get(type(refusal), 409)
    title = (type(refusal).__doc__ or "The rules say no").split("\n")[0].rstrip(".")
    return respond(status, refusal.code, title, str(refusal), instance=request.url.path)


async def _unavailable(request: Request, error: LedgerUnavailable) -> Response:
    problem = OutcomeUnknown(str(error)) if error.outcome_unknown else Unavailable(str(error))
    return problem_response(problem, request.url.path)


async def _database_away(request: Request, error: Exception) -> Response:
    """Says nothing of statements and addresses, which the server's log has."""
    _tell(request, _DATABASE, str(error).splitlines()[0])
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
    _tell(request, _DISK, str(error))
    detail = f"the server can't read or write a file of its own: {error.strerror}"
    return problem_response(DiskAway(detail), request.url.path)


async def _logs_away(request: Request, error: LogStoreUnavailableError) -> Response:
    _tell(request, _LOGS, str(error))
    return problem_response(LogsAway("the log store can't be used at the moment"), request.url.path)


def _tell(request: Request, what: str, reason: str) -> None:
    """Say it in the log: not for each request of a browser that looks again and again."""
    outage: Outage = request.app.state.outages[what]
    outage.calm()
    outage.failed(reason)


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
