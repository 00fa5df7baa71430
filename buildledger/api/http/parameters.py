"""Parameters that many endpoints share, each with its limit."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Query

from buildledger.api.models.limits import BUILDERS_PAGE_MAX, NAME_CHARACTERS_MAX, PAGE_MAX, POSITION_MAX

AsOf = Annotated[
    int | None,
    Query(
        ge=0,
        le=POSITION_MAX,
        description="Answer as of this position of the ledger instead of the present.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items a page has at the most.")]
BuildersLimit = Annotated[int, Query(ge=1, le=BUILDERS_PAGE_MAX, description="How many items a page has at the most.")]
Cursor = Annotated[str | None, Query(max_length=1_024, description="`next` of the page before.")]
Wait = Annotated[
    bool, Query(description="Answer only when every read shows what was done. `Prefer: respond-async` says no too.")
]
Prefer = Annotated[str | None, Header(description="`respond-async`: as `wait=false`.")]
IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Names the command: repeated with the same body it does nothing again and answers the same.",
    ),
]

BuilderPath = Annotated[
    str,
    Path(
        min_length=1,
        max_length=NAME_CHARACTERS_MAX,
        description="The builder's name, with its matrix cell.",
        examples=["tests[3.12,linux]"],
    ),
]
WorkerPath = Annotated[
    str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX, description="The worker's name.", examples=["linux-1"])
]
SourcePath = Annotated[
    str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX, description="The source's name.", examples=["widget"])
]
ProjectPath = Annotated[
    str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX, description="The project's name.", examples=["widget"])
]
IdPath = Annotated[
    UUID,
    Path(description="The id that lists and other answers give.", examples=["0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11"]),
]
NameFilter = Annotated[
    str | None, Query(min_length=1, max_length=NAME_CHARACTERS_MAX, description="Only items with exactly this name.")
]
