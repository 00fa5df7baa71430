"""Checks what a step has generated, and stores it as a pipeline."""

from __future__ import annotations

from hashlib import sha256

from buildledger.config.configurations import Configurations, UnreadableConfigurationError, UnreadablePipelineError
from buildledger.config.pipelines.definition import GeneratedText
from buildledger.config.pipelines.repo_file import Checked, check
from buildledger.config.pipelines.stored_problems import stored, told
from buildledger.config.problems.problem import Problem
from buildledger.config.resolved import Configuration
from buildledger.config.steps.generate import GenerateStep
from buildledger.domain import build_rules
from buildledger.events.answers import Generated, answer_text
from buildledger.events.build import BuildAssigned, OperationFinished
from buildledger.events.catalogue import stored_names
from buildledger.events.config import ConfigApplied
from buildledger.events.ids import CONFIG_STREAM, BuildId
from buildledger.events.operation import Ended, EndReason, ReadGenerated
from buildledger.events.pipeline import PipelineDefined
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.operations.open_operations import ServerOperation
from buildledger.operations.performer import Outcome

REPLACED = "\ufffd"
PAGE = 16
"""Facts that are read at once."""


class GeneratedReading:
    """Performs `ReadGenerated`. The outcome's text is the JSON of what was generated, or of what is wrong with it."""

    def __init__(self, ledger: Ledger, configurations: Configurations) -> None:
        self._ledger = ledger
        self._configurations = configurations

    def perform(self, operation: ServerOperation) -> Outcome:
        """See `Performer`. It is checked under what the build is pinned to; what is in force is asked at each start."""
        wanted = operation.spec
        assert isinstance(wanted, ReadGenerated)
        text = self._text(operation.build_id, wanted.sha256)
        try:
            file = self._file(operation, text)
        except (UnreadableConfigurationError, UnreadablePipelineError) as error:
            return Outcome(ended=Ended(reason=EndReason.IO_ERROR, detail=str(error)))
        fault = _not_utf8(file.name, text)
        return _outcome(file, check(file) if fault is None else Checked(pipeline=None, problems=(fault,)))

    def _file(self, operation: ServerOperation, text: str) -> GeneratedText:
        state, _ = self._ledger.load(build_rules.AGGREGATE, operation.build_id)
        assigned: BuildAssigned = state.assigned
        central = self._configuration(assigned.config_digest)
        if assigned.pipeline is not None:
            central = self._configurations.composed(central, assigned.pipeline, allowed=False)
        builder = central.builders[assigned.builder]
        step = builder.steps[operation.step]
        assert isinstance(step, GenerateStep)
        name = f"<stdout of {step.name}>"
        return GeneratedText(content=text.encode(), name=name, central=central, builder=builder, step=step)

    def _configuration(self, digest: str) -> Configuration:
        query = FactQuery(stream_id=CONFIG_STREAM, names=stored_names(ConfigApplied), descending=True)
        while found := self._ledger.select(query, 1):
            (recorded,) = found
            assert isinstance(recorded.fact, ConfigApplied)
            if recorded.fact.digest == digest:
                return self._configurations.at(recorded.position)
            query = query._replace(last=recorded.position - 1)
        raise KeyError(f"no configuration {digest} was ever applied")

    def _text(self, build_id: BuildId, digest: str) -> str:
        """What an operation of the build has brought back."""
        query = FactQuery(stream_id=build_id, names=stored_names(OperationFinished), descending=True)
        while found := self._ledger.select(query, PAGE):
            for recorded in found:
                assert isinstance(recorded.fact, OperationFinished)
                text = recorded.fact.ended.text
                if sha256(text.encode()).hexdigest() == digest:
                    return text
            query = query._replace(last=found[-1].position - 1)
        raise KeyError(f"no operation of build {build_id} has brought back {digest}")


def _not_utf8(file: str, text: str) -> Problem | None:
    """What came back has a character of its own for bytes that are no text; nobody writes it on purpose."""
    at = text.find(REPLACED)
    if at < 0:
        return None
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    message = "a byte here isn't UTF-8"
    return Problem(file=file, line=line, column=column, code="encoding", message=message, hint="write UTF-8")


def _outcome(file: GeneratedText, checked: Checked) -> Outcome:
    problems = stored(checked.problems)
    pipeline = checked.pipeline
    if pipeline is None:
        told_first = told(file.name, problems[0])
        more = len(problems) - 1
        detail = f"{told_first}, and {more} more" if more else told_first
        answer = answer_text(Generated(pipeline="", builders=(), problems=problems))
        return Outcome(ended=Ended(reason=EndReason.BAD_DEFINITION, detail=detail, text=answer))
    generated = Generated(pipeline=pipeline.digest, builders=tuple(pipeline.builders), problems=problems)
    defined = PipelineDefined(source="", builder=file.owner, digest=pipeline.digest, text=pipeline.to_json())
    ended = Ended(reason=EndReason.EXITED, exit_code=0, text=answer_text(generated))
    return Outcome(ended=ended, pipelines=(defined,))
