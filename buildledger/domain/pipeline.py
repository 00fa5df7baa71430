"""Pipelines of repositories: each is stored once, and each revision knows which one it has."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.fact import Fact
from buildledger.events.ids import pipeline_id, revision_pipeline_id
from buildledger.events.pipeline import (
    PipelineDefined,
    PipelineMissing,
    PipelineOutcome,
    PipelineRead,
    PipelineRejected,
)


class PipelineState(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline as its facts left it, or what a revision has."""

    defined: PipelineDefined | None = None
    outcome: PipelineOutcome | None = None
    """Of the last reading of a revision's file that came to something else than the one before."""


class DefinePipeline(Command, frozen=True, kw_only=True):
    """Store a pipeline; one that is known decides nothing."""

    definition: PipelineDefined

    @property
    def stream_id(self) -> UUID:
        """The pipeline's own stream."""
        return pipeline_id(self.definition.digest)


class ReportPipeline(Command, frozen=True, kw_only=True):
    """Say what came of reading the file of a revision; the same as before decides nothing."""

    outcome: PipelineOutcome

    @property
    def stream_id(self) -> UUID:
        """The stream of the revision's file."""
        return revision_pipeline_id(self.outcome.source, self.outcome.revision)


PipelineCommand = DefinePipeline | ReportPipeline


def decide(state: PipelineState, command: PipelineCommand) -> tuple[Fact, ...]:
    """Only what differs is a fact: another configuration that comes to the same isn't."""
    match command:
        case DefinePipeline(definition=definition):
            return () if state.defined is not None else (definition,)
        case ReportPipeline(outcome=outcome):
            return () if state.outcome is not None and same(state.outcome, outcome) else (outcome,)
        case _:
            assert_never(command)


def same(one: PipelineOutcome, other: PipelineOutcome) -> bool:
    """Whether two readings came to the same, under whatever configurations."""
    return type(one) is type(other) and msgspec.structs.replace(one, config_digest=other.config_digest) == other


def evolve(state: PipelineState, fact: Fact) -> PipelineState:
    """The last outcome counts."""
    match fact:
        case PipelineDefined():
            return msgspec.structs.replace(state, defined=fact)
        case PipelineRead() | PipelineRejected() | PipelineMissing():
            return msgspec.structs.replace(state, outcome=fact)
        case _:
            return state


AGGREGATE = Aggregate(
    name="pipeline", commands=(DefinePipeline, ReportPipeline), initial=PipelineState(), decide=decide, evolve=evolve
)
