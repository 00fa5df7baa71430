"""Follows one repository: what is new in it becomes changes, and where its branches stand becomes known.

Changes are recorded before the branch that has them moves, parents before children, and all ids follow from what is
in the repository. So a poll that is killed anywhere is simply repeated by the next one. The mirror is only a cache: a
damaged one is made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from functools import reduce

from buildledger.config import globs
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Source
from buildledger.domain import source as domain
from buildledger.domain.refusals import BranchMovedRefusal
from buildledger.domain.source import (
    MoveBranch,
    ReportDefaultBranch,
    ReportSourceFailure,
    ReportSourceRecovery,
    SourceCommands,
    SourceState,
)
from buildledger.events.change import BranchMoved, FailureCause
from buildledger.events.ids import change_id, source_id
from buildledger.events.limits import LINE_CHARACTERS, NAME_BYTES, storable
from buildledger.intake.polling.mirror import Mirror, SourceError
from buildledger.intake.polling.pipelines import PipelineReader
from buildledger.intake.polling.recording import Recorder
from buildledger.intake.polling.source_guard import SourceGuard
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.vault import Vault
from buildledger.sources.commits import Commit
from buildledger.sources.failure_text import failure_text

HISTORY_CHANGES = 1000
"""Commits from before the source was configured that are recorded, the newest of all branches."""
NEW_CHANGES = 10_000
"""Commits recorded for one poll; of a larger push the oldest are left out."""
MOVE_CHANGES = 1000
"""Commits that a move of a branch names; the others are counted."""
OVERTAKEN_MAX = 5
"""How often a poll begins anew because a branch was moved by others meanwhile."""
USUAL_BRANCHES = ("main", "master", "trunk")
DEFAULT_BRANCH_POLLS = 10
"""Of so many polls that find nothing new one asks which branch is the default; so does each that finds something."""

_log = logging.getLogger(__name__)


class Poller:
    """Polls one source. One poll at a time."""

    def __init__(
        self,
        source: Source,
        *,
        ledger: Ledger,
        vault: Vault,
        mirror: Mirror,
        configurations: Configurations | None = None,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._mirror = mirror
        configurations = configurations or Configurations(ledger.at)
        guard = SourceGuard(ledger, source, configurations)
        self._recorder = Recorder(ledger, vault, source=source.name, repository=source.url, guard=guard)
        self._pipelines = PipelineReader(
            source.name,
            ledger=ledger,
            mirror=mirror,
            configurations=configurations,
            origin=self._recorder.origin,
        )
        self._state: SourceState | None = None
        self._seen: dict[str, str] | None = None
        """The far end's branches as the last poll that succeeded saw them; None before the first one."""
        self._left_out: set[str] = set()
        """Branches whose names are too long, as far as somebody was told."""
        self._logged_cause: FailureCause | None = None
        self._new: set[str] = set()
        """Heads that this poll is the first to tell of."""
        self._quiet_polls = 0
        """In a row, without a question for the default branch."""

    @property
    def seen(self) -> dict[str, str] | None:
        """The far end's branches as the last poll that succeeded saw them; None before the first one."""
        return self._seen

    async def poll(self, *, hinted: bool = False) -> None:
        """Record whatever differs from what is known; an unreadable source is recorded, not raised.

        With `hinted`, somebody says that there is something new: the far end isn't asked first whether there is.

        Raises:
            SourceReplacedError: The source is configured otherwise by now; what was found is recorded no further.
            Exception: Whatever the ledger and the vault raise.
        """
        self._new.clear()
        for _ in range(OVERTAKEN_MAX):
            try:
                await self._poll_once(hinted)
            except BranchMovedRefusal:
                hinted = True  # somebody handed commits in: what is new is worked out from where the branch is by now
            else:
                return
        raise BranchMovedRefusal(self._source.name)

    async def read_again(self) -> None:
        """Read the files of the branches that the mirror has under the configuration in force; the far end isn't asked.

        A mirror that can't be read is made anew by the next poll, which reads them then.

        Raises:
            Exception: Whatever the ledger raises.
        """
        if await asyncio.to_thread(lambda: self._mirror.exists):
            with contextlib.suppress(SourceError):
                await self._read_pipelines(await self._mirror.heads())

    async def _poll_once(self, hinted: bool) -> None:
        name = self._source.name
        if self._state is None:
            self._state, _ = await asyncio.to_thread(self._ledger.load, domain.AGGREGATE, source_id(name))
        try:
            try:
                await self._poll_and_repair(hinted)
            except SourceError as error:
                await self._decide(
                    ReportSourceFailure(source=name, cause=error.cause, detail=storable(error.detail, LINE_CHARACTERS))
                )
                self._log_failure(error)
            else:
                await self._decide(ReportSourceRecovery(source=name))
                self._log_recovery()
        except BaseException:
            self._state = None
            raise

    def _log_failure(self, error: SourceError) -> None:
        """Say it once for each outage and cause, and once more by a server that was started in the meantime."""
        if self._logged_cause != error.cause:
            self._logged_cause = error.cause
            why = failure_text(error.cause, error.detail)
            _log.warning("source %s can't be read and will be tried again: %s", self._source.name, why)

    def _log_recovery(self) -> None:
        if self._logged_cause is not None:
            self._logged_cause = None
            _log.info("source %s can be read again", self._source.name)

    async def _poll_and_repair(self, hinted: bool) -> None:
        try:
            await self._poll(hinted)
        except SourceError as error:
            if error.cause is not FailureCause.CORRUPT:
                raise
            await self._mirror.discard()
            await self._poll(hinted=True)

    async def _poll(self, hinted: bool) -> None:
        if not hinted and self._seen is not None and await self._mirror.remote_heads() == self._seen:
            self._quiet_polls += 1
            if self._quiet_polls >= DEFAULT_BRANCH_POLLS:
                await self._ask_for_default_branch()
            await self._read_pipelines(self._seen)
            return
        present = await self._mirror.update()
        await self._ask_for_default_branch()
        heads = await self._read_pipelines(present)
        known = self._known.heads
        if known or self._seen is not None:
            await self._follow(known, heads, gone=sorted(known.keys() - present.keys()))
        else:
            await self._begin(heads)
        self._seen = present

    async def _ask_for_default_branch(self) -> None:
        """Record which it is before branches move: what is built at first sight depends on it."""
        branch = await self._mirror.default_branch()
        await self._decide(ReportDefaultBranch(source=self._source.name, branch=branch))
        self._quiet_polls = 0

    async def _read_pipelines(self, present: Mapping[str, str]) -> dict[str, str]:
        """Read what branches define for themselves, before they move: builds are then asked for at once.

        Gives those of the mirror's branches that are followed.
        """
        heads = {name: at for name, at in present.items() if self._follows(name)}
        await self._pipelines.read_heads(heads.items())
        return heads

    def _follows(self, branch: str) -> bool:
        """Whether a branch is wanted, and can be told of: one with too long a name is left out, not the source."""
        if not globs.matches(self._source.branches, branch):
            return False
        if len(branch.encode()) <= NAME_BYTES:
            return True
        if branch not in self._left_out:
            self._left_out.add(branch)
            _log.warning("source %s: the branch %.80s… is left out: its name is too long", self._source.name, branch)
        return False

    async def _begin(self, heads: dict[str, str]) -> None:
        """First sight of the source: what is there already is history."""
        await self._record(heads, (), HISTORY_CHANGES, historic=True)
        source = self._source.name
        await self._move(
            BranchMoved(source=source, branch=branch, revision=at, initial=True) for branch, at in heads.items()
        )

    async def _follow(self, known: dict[str, str], heads: dict[str, str], gone: Iterable[str]) -> None:
        moved = {branch: at for branch, at in heads.items() if known.get(branch) != at}
        for at in moved.values():
            await self._is_new(at)  # asked before any is recorded
        for branch in [each for each in moved if each in known]:
            if await self._is_awaited(known[branch], instead=moved[branch]):
                del moved[branch]
        gone = [branch for branch in gone if not await self._is_awaited(known[branch])]
        if moved:
            await self._record(moved, known.values(), NEW_CHANGES, historic=False)
        moves = [await self._moved(known, branch, at) for branch, at in moved.items()]
        source = self._source.name
        moves += [BranchMoved(source=source, branch=branch, previous=known[branch], revision=None) for branch in gone]
        await self._move(moves)

    async def _is_awaited(self, head: str, *, instead: str | None = None) -> bool:
        """Whether a branch's head was handed in and isn't at the far end yet, which has nothing new `instead`."""
        if not await asyncio.to_thread(self._recorder.was_handed_in, head):
            return False
        if instead is not None and await self._is_new(instead):
            return False
        return (await self._mirror.look_up(head)).revision is None

    async def _is_new(self, revision: str) -> bool:
        """Whether nobody had told of a commit before this poll, however often it begins anew."""
        if revision not in self._new and not await asyncio.to_thread(self._recorder.is_known, revision):
            self._new.add(revision)
        return revision in self._new

    async def _moved(self, known: dict[str, str], branch: str, at: str) -> BranchMoved:
        previous = known.get(branch)
        comparison = await self._mirror.compare(previous, at) if previous else None
        if comparison is not None:
            new = comparison.new
        else:
            others = [revision for name, revision in known.items() if name != branch]
            new = await self._mirror.list_new(at, others)
        return BranchMoved(
            source=self._source.name,
            branch=branch,
            previous=previous,
            revision=at,
            forced=previous is not None and (comparison is None or comparison.forced),
            changes=tuple(change_id(self._source.name, revision) for revision in new[-MOVE_CHANGES:]),
            change_count=len(new),
        )

    async def _record(self, heads: dict[str, str], known: Iterable[str], limit: int, *, historic: bool) -> None:
        """Record up to `limit` commits of `heads` that `known` doesn't have, each under the first branch it is on."""
        known, left = list(known), limit
        for branch in sorted(heads, key=self._importance):

            async def take(commits: list[Commit], branch: str = branch) -> None:
                nonlocal left
                left -= len(commits)
                await self._recorder.record(commits, branch=branch, historic=historic)

            if left > 0:
                await self._mirror.log((heads[branch],), known, left, take)
            known.append(heads[branch])

    def _importance(self, branch: str) -> tuple[bool, bool, str]:
        """The default branch first, then the usual names for it, then the others by name."""
        default = self._source.default_branch or self._known.default_branch
        return branch != default, branch not in USUAL_BRANCHES, branch

    @property
    def _known(self) -> SourceState:
        assert self._state is not None, "loaded when the poll begins"
        return self._state

    async def _move(self, moves: Iterable[BranchMoved]) -> None:
        await self._decide(*(MoveBranch(source=self._source.name, move=move, compared=True) for move in moves))

    async def _decide(self, *commands: SourceCommands) -> None:
        """Execute, all together, those of the commands that would decide something; then know what they decided."""
        state, telling = self._known, []
        for command in commands:
            if facts := domain.decide(state, command):
                telling.append(command)
                state = reduce(domain.evolve, facts, state)
        if telling:
            await self._recorder.execute(*telling)
        self._state = state
