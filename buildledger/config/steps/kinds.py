"""THE list of kinds of steps. From it follow the format of the file, its schema, what is stored, and the programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from buildledger.config.steps.checkout import CheckoutModel
from buildledger.config.steps.download import DownloadModel
from buildledger.config.steps.run import RunModel
from buildledger.config.steps.script import ScriptModel
from buildledger.config.steps.set_property import SetPropertyModel
from buildledger.config.steps.step import StepBase, StepModel
from buildledger.config.steps.test_report import TestReportModel
from buildledger.config.steps.upload import UploadModel
from buildledger.config.strict import choose

KINDS: tuple[type[StepModel], ...] = (
    CheckoutModel,
    ScriptModel,
    UploadModel,
    DownloadModel,
    TestReportModel,
    SetPropertyModel,
    RunModel,
)
"""In the order in which their keys are looked for: `run` last, because it is a key of `set_property` too."""

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
            unbuilt=frozenset({"trigger", "generate", "use", "uses", "plugin", "approve"}),
            what="step",
        ),
    ]
    """A step of the file, for pydantic."""
    Step = Union[tuple(kind.STORED for kind in KINDS)]  # noqa: UP007 - as above
    """A stored step, for msgspec."""
