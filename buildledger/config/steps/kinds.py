"""THE list of kinds of steps. From it follow the format of the file, its schema, what is stored, and the programs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Union

from buildledger.config.fields.strict import choose
from buildledger.config.steps.step import StepBase, StepModel

NAMES = (
    "checkout",
    "script",
    "upload",
    "download",
    "test_report",
    "set_property",
    "generate",
    "run",
)
"""Each is a key of the file, a module here with its `MODEL`, and a module of `buildledger.steps` with its `PROGRAM`.

Their keys are looked for in this order: `run` comes last, because `set_property` has a key of that name too.
"""
KINDS: tuple[type[StepModel], ...] = tuple(import_module(f"buildledger.config.steps.{name}").MODEL for name in NAMES)

if TYPE_CHECKING:
    FileStep = StepModel
    Step = StepBase
else:
    # The two unions are made of the list, so that a new kind is one line; type checkers know the common base.
    FileStep = Annotated[
        Union[KINDS],  # noqa: UP007 - a union of a tuple's members
        choose(
            None,
            {kind.KEY: kind for kind in KINDS},
            unbuilt=frozenset({"trigger", "use", "uses", "plugin", "approve"}),
            what="step",
        ),
    ]
    """A step of the file, for pydantic."""
    Step = Union[tuple(kind.STORED for kind in KINDS)]  # noqa: UP007 - as above
    """A stored step, for msgspec."""
