"""What commands answer: the position that they became."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Id, Moment, Position


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The command is durable."""

    position: Annotated[Position, Meta(description="Of its last fact; read `as_of` it, or later.")]
    duplicate: Annotated[bool, Meta(description="It had been done before; nothing happened again.")]
    visible: Annotated[bool, Meta(description="Every read shows it already.")]


class RequestReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A build is requested, durably."""

    position: Position
    duplicate: Annotated[bool, Meta(description="It had been done before; nothing happened again.")]
    visible: Annotated[bool, Meta(description="Every read shows it already.")]
    request_id: Annotated[Id, Meta(description="The request that was made.")]


class EnrollmentReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A one-use token for a new worker. It is shown this once."""

    position: Position
    duplicate: Annotated[bool, Meta(description="It had been done before; nothing happened again.")]
    visible: Annotated[bool, Meta(description="Every read shows it already.")]
    token: Annotated[
        str, Meta(description="What the worker is started with.", examples=["ble_2b7e151628aed2a6abf7158809cf4f3c"])
    ]
    worker: Annotated[str | None, Meta(description="The only name it may be used for; null: any that is configured.")]
    expires_at: Annotated[Moment, Meta(description="When the token ends, in UTC.")]
