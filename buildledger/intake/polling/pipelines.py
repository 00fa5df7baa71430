"""The file of a repository in which it says what is built of it: read at a revision, checked, and recorded."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256

from buildledger.config import limits
from buildledger.config.configurations import Configurations
from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.effective import counts_on
from buildledger.config.pipelines.repo_file import Checked, check
from buildledger.config.pipelines.stored_problems import stored
from buildledger.config.resolved import Configuration
from buildledger.domain import pipeline as domain
from buildledger.domain.command import Command
from buildledger.domain.pipeline import DefinePipeline, ReportPipeline
from buildledger.domain.refusals import ConfigReplacedRefusal
from buildledger.events.ids import revision_pipeline_id
from buildledger.events.pipeline import (
    PipelineDefined,
    PipelineMissing,
    PipelineProblem,
    PipelineRead,
    PipelineRejected,
)
from buildledger.intake.polling.mirror import Mirror
from buildledger.intake.polling.source_guard import newest_configuration
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.sources.port import FoundFile

CHECKED_MAX = 32
"""Files whose check is remembered: most branches have the same one."""
NO_FILE = {
    "link": "it is a symbolic link, and no link is followed",
    "directory": "it is a directory",
    "submodule": "it is a submodule",
}


class PipelineReader:
    """Reads the files of one source's revisions, out of its mirror. One call at a time."""

    def __init__(
        self, source: str, *, ledger: Ledger, mirror: Mirror, configurations: Configurations, origin: Origin
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._mirror = mirror
        self._configurations = configurations
        self._origin = origin
        self._checked: OrderedDict[tuple[str, str], tuple[str, Checked]] = OrderedDict()
        """Digests of files and what they came to, by the configuration and the name of each in the mirror."""
        self._done: tuple[str, frozenset[str]] | None = None
        """The configuration and the revisions that were read under it last."""

    async def read_heads(self, heads: Iterable[tuple[str, str]]) -> None:
        """Read the files of those branches, with their revisions, that the configuration in force has files for.

        What was read under it already isn't read again. Ask it often.

        Raises:
            SourceError: The mirror can't be read.
            Exception: Whatever the ledger raises.
        """
        configuration, _ = await asyncio.to_thread(newest_configuration, self._ledger, self._configurations)
        grant = None if configuration is None else configuration.repo_pipelines.get(self._source)
        if configuration is None or grant is None:
            return
        wanted = frozenset(revision for branch, revision in heads if counts_on(grant, branch))
        digest, known = self._done or ("", frozenset())
        for revision in wanted - (known if digest == configuration.digest else frozenset()):
            await self.read(revision)
        self._done = (configuration.digest, wanted)

    async def read(self, revision: str) -> None:
        """Record what the file of a whole revision in the mirror comes to under the configuration in force.

        Raises:
            SourceError: The mirror can't be read.
            Exception: Whatever the ledger raises.
        """
        while True:
            configuration, required = await asyncio.to_thread(newest_configuration, self._ledger, self._configurations)
            if configuration is None or self._source not in configuration.repo_pipelines:
                return
            state, _ = await asyncio.to_thread(
                self._ledger.load, domain.AGGREGATE, revision_pipeline_id(self._source, revision)
            )
            path = configuration.repo_pipelines[self._source].path
            known = state.outcome
            if known is not None and (known.config_digest, known.path) == (configuration.digest, path):
                return
            try:
                await self._ledger.execute(
                    *required, *await self._commands(configuration, revision), origin=self._origin
                )
            except ConfigReplacedRefusal:
                continue
            return

    async def _commands(self, configuration: Configuration, revision: str) -> list[Command]:
        """What there is to say of a revision's file."""
        path = configuration.repo_pipelines[self._source].path
        said = {"source": self._source, "revision": revision, "path": path, "config_digest": configuration.digest}
        found = await self._mirror.find_file(revision, path)
        if found is None:
            return [ReportPipeline(outcome=PipelineMissing(**said))]
        if (fault := _fault(found)) is not None:
            return [ReportPipeline(outcome=PipelineRejected(**said, problems=(fault,)))]
        digest, checked = await self._check(configuration, found)
        if checked.pipeline is None:
            problems = stored(checked.problems)
            return [ReportPipeline(outcome=PipelineRejected(**said, file_digest=digest, problems=problems))]
        pipeline = checked.pipeline
        return [
            DefinePipeline(
                definition=PipelineDefined(source=self._source, digest=pipeline.digest, text=pipeline.to_json())
            ),
            ReportPipeline(
                outcome=PipelineRead(
                    **said, file_digest=digest, pipeline=pipeline.digest, builders=tuple(pipeline.builders)
                )
            ),
        ]

    async def _check(self, configuration: Configuration, found: FoundFile) -> tuple[str, Checked]:
        key = (configuration.digest, found.content)
        if key not in self._checked:
            content = await self._mirror.content(found)
            file = RepoFile(
                content=content,
                name=configuration.repo_pipelines[self._source].path,
                source=self._source,
                central=configuration,
            )
            self._checked[key] = (sha256(content).hexdigest(), await asyncio.to_thread(check, file))
            if len(self._checked) > CHECKED_MAX:
                self._checked.popitem(last=False)
        return self._checked[key]


def _fault(found: FoundFile) -> PipelineProblem | None:
    """Why what stands at the path can't be read; None if it can."""
    if found.kind != "file":
        return PipelineProblem(line=0, column=0, code="file", message=f"can't be read: {NO_FILE[found.kind]}")
    if found.size_bytes > limits.PIPELINE_BYTES:
        message = f"the file is larger than {limits.PIPELINE_BYTES} bytes"
        return PipelineProblem(line=0, column=0, code="limit-file", message=message)
    return None
