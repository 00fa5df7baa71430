"""Executing commands for a request: named by its idempotency key, durable before the answer, visible when asked for."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID, uuid4, uuid5

from fastapi import Depends, Request

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.parameters import IdempotencyKeyHeader, Prefer, Wait
from buildledger.api.http.problem_handlers import note_submission
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse, Model
from buildledger.api.models import receipts
from buildledger.api.queries.personal_data import admin_actor
from buildledger.domain.command import Aggregate, Command
from buildledger.events.ids import NAMESPACE
from buildledger.ledger.submission import Origin, Receipt

VISIBLE_SECONDS = 5.0
"""How long an answer waits for the read models; then it says that they aren't there yet."""
RESPOND_ASYNC = "respond-async"


class CommandContext:
    """Everything that one request needs to execute commands: who commands, under which id, and whether to wait."""

    def __init__(
        self, deps: ApiDependencies, request: Request, key: str | None, *, wait: bool, prefer: str | None
    ) -> None:
        """`request` is what asks for the command, `key` its idempotency key, if it has one."""
        path = request.url.path
        self.deps = deps
        self._request = request
        self.actor = admin_actor(self.deps.vault)
        self._wait = wait and RESPOND_ASYNC not in (prefer or "")
        self.id = uuid4() if key is None else uuid5(NAMESPACE, f"api\x1f{self.actor}\x1f{path}\x1f{key}")
        """The same for the same caller, address and idempotency key; what is made gets its id from it."""
        self.named = key is not None
        """It has an idempotency key, so a repetition has to be answered like the first."""

    async def execute(self, *commands: Command, correlation_id: UUID | None = None) -> Receipt:
        """Execute commands together: their facts are durable when it returns.

        Raises:
            Refusal: the rules refuse the command.
            LedgerUnavailable: the ledger can't be written.
        """
        origin = Origin(
            actor=self.actor,
            command_id=self.id if self.named else None,
            correlation_id=correlation_id or self.id,
        )
        return await self._execute(origin, *commands)

    async def execute_unnamed(self, *commands: Command) -> Receipt:
        """The same for commands that differ each time they are made, and are harmless to repeat by an id of their own.

        Raises:
            Refusal: the rules refuse the command.
            LedgerUnavailable: the ledger can't be written.
        """
        return await self._execute(Origin(actor=self.actor, correlation_id=self.id), *commands)

    async def _execute(self, origin: Origin, *commands: Command) -> Receipt:
        note_submission(self._request)
        return await self.deps.ledger.execute(*commands, origin=origin)

    async def load(self, aggregate: Aggregate, stream_id: UUID) -> tuple[Any, int]:
        """A stream's state and version."""
        return await asyncio.to_thread(self.deps.ledger.load, aggregate, stream_id)

    async def require(self, aggregate: Aggregate, key: UUID) -> None:
        """Make sure that there is such a thing, and that it is of that kind.

        Raises:
            NotFound: there isn't, or it is something else.
        """
        state, _ = await self.load(aggregate, key)
        if state == aggregate.initial:
            raise NotFound(aggregate.name, key)

    async def execute_and_respond(self, *commands: Command) -> JsonResponse[receipts.Receipt]:
        """Execute, and answer with the plain receipt."""
        return await self.respond(receipts.Receipt, await self.execute(*commands))

    async def respond(
        self, kind: type[Model], receipt: Receipt, *, status: int = 200, **more: Any
    ) -> JsonResponse[Model]:
        """A receipt of this kind, once every read shows what was done, or the caller doesn't want to wait."""
        progress = self.deps.views.progress
        if self._wait:
            await progress.reached(receipt.position, VISIBLE_SECONDS)
        visible = progress.position >= receipt.position and not progress.standing
        model = kind(position=receipt.position, duplicate=receipt.duplicate, visible=visible, **more)
        return JsonResponse(model, status=status, position=receipt.position)


async def _command_context(
    request: Request,
    deps: Dependencies,
    key: IdempotencyKeyHeader = None,
    prefer: Prefer = None,
    wait: Wait = True,
) -> CommandContext:
    return CommandContext(deps, request, key, wait=wait, prefer=prefer)


Commands = Annotated[CommandContext, Depends(_command_context)]
"""As a parameter of an endpoint: its way to execute commands. Brings the parameters that all commands take."""
