"""Authenticates every call before its service sees it."""

import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import grpc
import grpc.aio

from buildledger.ledger.errors import StoreError
from buildledger.slave_grpc.identity.authenticator import UnauthenticatedError
from buildledger.slave_grpc.identity.caller import Caller, set_current_caller

OPEN_METHODS = frozenset(
    {
        "/buildledger.worker.v1.Enrollment/Enroll",  # takes a one-use token, in its request
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
    }
)
"""The only methods that may be called without a credential."""

Authenticate = Callable[[Any], Awaitable[Caller]]
"""Establishes the caller from a call's context; raises `UnauthenticatedError`."""


class AuthenticationInterceptor(grpc.aio.ServerInterceptor):
    """Ends calls of unknown callers with UNAUTHENTICATED; to the others it gives `current_caller`."""

    def __init__(self, by_service: Mapping[str, Authenticate]) -> None:
        """`by_service` authenticates for each service, by full name; other services have open methods only."""
        self._by_service = by_service

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """See `grpc.aio.ServerInterceptor`. Certificates aren't known here yet, so the handler is wrapped."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method in OPEN_METHODS:
            return handler
        service = method.strip("/").rpartition("/")[0]
        return _guarded(handler, self._by_service.get(service, _refuse))


async def _refuse(context: Any) -> Caller:
    raise UnauthenticatedError("nobody may call this method")


def _guarded(handler: Any, authenticate: Authenticate) -> Any:
    """A handler of the same kind that calls the original one for authenticated callers only."""

    async def admit(context: Any) -> None:
        try:
            set_current_caller(await authenticate(context))
        except UnauthenticatedError as error:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, str(error))
        except StoreError:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the database can't be used at the moment")

    make, original = _kind(handler)

    async def answer(request: Any, context: Any) -> Any:
        await admit(context)
        return await original(request, context)

    async def answers(request: Any, context: Any) -> AsyncIterator[Any]:
        await admit(context)
        async with contextlib.aclosing(original(request, context)) as responses:
            async for response in responses:
                yield response

    guarded = answers if inspect.isasyncgenfunction(original) else answer
    return make(
        guarded,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def _kind(handler: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What makes a handler of the same kind, and the function in this one."""
    match handler.request_streaming, handler.response_streaming:
        case False, False:
            return grpc.unary_unary_rpc_method_handler, handler.unary_unary
        case False, True:
            return grpc.unary_stream_rpc_method_handler, handler.unary_stream
        case True, False:
            return grpc.stream_unary_rpc_method_handler, handler.stream_unary
        case _:
            return grpc.stream_stream_rpc_method_handler, handler.stream_stream
