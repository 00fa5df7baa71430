"""Who made the call that is being handled; set by the authentication interceptor, read by the services."""

from contextvars import ContextVar
from dataclasses import dataclass

from buildledger.slave_grpc.state.known_credentials import KnownCredential
from buildledger.slave_grpc.state.open_work import OpenOperation


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An authenticated worker, or one of its runs."""

    worker: str
    credential: KnownCredential | None = None
    """The credential in force that the call was made with; None: it was made with a run token."""
    run: OpenOperation | None = None
    """The run whose token the call was made with; None: the worker itself calls."""


_current: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """The caller of the call that is being handled. Raises LookupError in a method that is open to everybody."""
    return _current.get()


def set_current_caller(caller: Caller) -> None:
    """Establish the caller for the rest of the call's task."""
    _current.set(caller)
