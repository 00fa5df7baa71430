"""What all steps have in common, and the list of those there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from buildledger.conformance.case_context import CaseContext
from buildledger.conformance.quantities import Seconds

PATIENCE_SECONDS: Seconds = 30.0
"""How long a step waits for the worker unless it says otherwise."""


class Step(BaseModel):
    """One thing that the server, the network or the kit does, or that must be seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    known: ClassVar[dict[str, type[Step]]] = {}
    """Every step by the name it has in cases."""
    main_field: ClassVar[str] = ""
    """The field that is meant when a case gives a bare value."""
    takes_mapping: ClassVar[bool] = False
    """Whether the main field is itself a mapping, so that it needn't be named."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Enter it into the list; `AwaitEvent` is written `await_event`."""
        if not cls.__name__.startswith("_"):
            Step.known[re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()] = cls

    def runs_named(self) -> list[str]:
        """Names of the runs that the step speaks of, so that a misspelt one is found before anything is started."""
        named = [getattr(self, "run", None), *getattr(self, "holds", []), *getattr(self, "omits", [])]
        return [name for name in named if name is not None]

    def try_out(self) -> None:
        """Find mistakes that only show when the step is used.

        Raises:
            MessageError: a message or an expectation makes no sense.
        """

    async def execute(self, context: CaseContext) -> None:
        """Do it.

        Raises:
            CaseFailedError: the worker didn't do its part.
        """
        raise NotImplementedError


def parse_step(data: object) -> Step:
    """The step that a mapping of one name describes.

    Raises:
        ValueError: there is no such step, or its fields are wrong.
    """
    if isinstance(data, str):
        data = {data: None}
    if not isinstance(data, Mapping) or len(data) != 1:
        raise ValueError("a step is one name with its fields, for example `await_exit: {run: a}`")
    ((name, fields),) = data.items()
    kind = Step.known.get(str(name))
    if kind is None:
        raise ValueError(f"there is no step {name!r}; there are: {', '.join(sorted(Step.known))}")
    if fields is None:
        fields = {}
    elif kind.takes_mapping:
        fields = {kind.main_field: fields}
    elif not isinstance(fields, Mapping):
        if not kind.main_field:
            raise ValueError(f"{name} takes a mapping of {', '.join(kind.model_fields) or 'nothing'}")
        fields = {kind.main_field: fields}
    return kind.model_validate(fields)
