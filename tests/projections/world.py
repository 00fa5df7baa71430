"""Histories made by the domain's own commands: whatever `World` records could have happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from buildledger.config.resolved import Configuration
from buildledger.domain import build, change, config, person, request, source, worker, worker_rules
from buildledger.domain.command import Command
from buildledger.events.build import BuildAssigned
from buildledger.events.change import BranchMoved, ChangeRecorded, FileChange
from buildledger.events.ids import (
    BuildId,
    ChangeId,
    RequestId,
    build_id,
    change_id,
    request_id,
)
from buildledger.events.person import ClaimRecorded
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.testing.clock import VirtualClock
from tests.fakes.worker_features import EVERYTHING
from tests.projections.running_build import SOURCE, Running
from tests.projections.samples import REPOSITORY, SERVER, START, claim, configuration, revision, words


class World:
    """A small installation whose actors do whatever a random generator says, one command after another."""

    def __init__(self, ledger: Ledger, seed: int, clock: VirtualClock | None = None) -> None:
        self.ledger = ledger
        self.clock = clock or VirtualClock(START)
        self.random = random.Random(seed)
        self.commits = 0
        self.heads: dict[str, int] = {}
        self.waiting: list[tuple[RequestId, RequestSubmitted]] = []
        self.running: dict[BuildId, Running] = {}
        self.finished: list[BuildId] = []
        self.attempts: dict[RequestId, int] = {}
        self.requests = 0
        self.builders = ("lint", "tests[3.12]", "tests[3.13]")
        self.epochs: dict[str, bool] = {}
        self.apply_config(*self.builders)

    def execute(self, *commands: Command, actor: str = "system") -> int:
        """Execute and let a second pass; the position."""
        self.clock.advance(1)
        return self.ledger.execute_blocking(*commands, origin=Origin(actor=actor)).position

    def act(self, times: int = 1) -> None:
        """Let so many things happen."""
        actions: list[tuple[Callable[[], object], int]] = [
            (self.commit, 4),
            (self.submit, 4),
            (self.assign, 6),
            (self.advance_build, 24),
            (self.worker_news, 2),
            (self.source_news, 1),
            (self.reconfigure, 1),
            (self.queue_news, 2),
        ]
        names, weights = zip(*actions, strict=True)
        for action in self.random.choices(names, weights, k=times):
            action()

    def apply_config(self, *names: str, **options: object) -> Configuration:
        """Put a configuration in force."""
        wanted = configuration(*names, **options)  # type: ignore[arg-type]
        self.digest = wanted.digest
        self.execute(config.ApplyConfig(digest=wanted.digest, text=wanted.to_json(), origin="buildledger.yaml"))
        return wanted

    def reconfigure(self) -> None:
        """A builder comes or goes."""
        names = list(self.builders)
        if self.random.random() < 0.5:
            names.pop()
        self.apply_config(*names, title=f"Tests {self.random.randrange(3)}")

    def commit(self, branch: str | None = None, parents: tuple[int, ...] | None = None) -> int:
        """A commit on a branch: its number."""
        branch = branch or self.random.choice(("main", "topic"))
        if parents is None:
            head = self.heads.get(branch, self.heads.get("main", 0))
            parents = (head,) if head else ()
            if self.heads and self.random.random() < 0.2:
                parents += (self.random.choice(list(self.heads.values())),)
            if self.commits > 3 and self.random.random() < 0.1:
                parents = (self.random.randrange(1, self.commits),)
        self.commits += 1
        number = self.commits
        author = claim(self.random.randrange(4))
        fact = ChangeRecorded(
            source=SOURCE,
            repository=REPOSITORY,
            branch=branch,
            revision=revision(number),
            parents=tuple(revision(parent) for parent in dict.fromkeys(parents)),
            author=author,
            committer=author,
            committed_at=self.clock.now() - timedelta(hours=1),
            words_id=words("change", number),
            words_digest="",
            files=(FileChange(path=f"src/{number}.py"),),
            file_count=1,
        )
        recorded = ClaimRecorded(kind="git.author", words_id=words("claim", author), words_digest="")
        previous = self.heads.get(branch)
        self.heads[branch] = number
        move = BranchMoved(
            source=SOURCE,
            branch=branch,
            previous=revision(previous) if previous else None,
            revision=revision(number),
            changes=(change_id(SOURCE, revision(number)),),
            change_count=1,
        )
        self.execute(
            person.RecordClaim(claim_id=author, claim=recorded),
            change.RecordChange(change=fact),
            source.MoveBranch(source=SOURCE, move=move),
            actor=f"poller:{SOURCE}",
        )
        return number

    def submit(
        self, name: str | None = None, branch: str = "", at: int | None = None, *, checkout: bool = True
    ) -> RequestId:
        """A request for a build; without `checkout` for one that has no source."""
        self.requests += 1
        branch = branch or self.random.choice(list(self.heads) or ["main"])
        at = at or self.heads.get(branch)
        stamp = SourceStamp(source=SOURCE, repository=REPOSITORY, branch=branch, revision=revision(at) if at else None)
        changes: tuple[ChangeId, ...] = (change_id(SOURCE, revision(at)),) if at else ()
        fact = RequestSubmitted(
            builder=name or self.random.choice(self.builders),
            stamps=(stamp,) if checkout else (),
            changes=changes,
            reason=f"change on {branch}",
            trigger="change-widget",
            requested_by="reactor:triggering",
            priority=self.random.randrange(3),
            inputs={"version": "1"},
            config_digest=self.digest,
        )
        key = request_id("test", self.requests)
        self.execute(request.SubmitRequest(request_id=key, request=fact), actor="reactor:triggering")
        self.waiting.append((key, fact))
        return key

    def assign(self) -> BuildId | None:
        """A build for a waiting request; perhaps another request is collapsed into it."""
        if not self.waiting:
            return None
        key, submitted = self.waiting.pop(self.random.randrange(len(self.waiting)))
        attempt = self.attempts[key] = self.attempts.get(key, 0) + 1
        made = build_id(key, attempt)
        served = [key]
        commands: list[Command] = [request.ClaimRequest(request_id=key, build_id=made, attempt=attempt)]
        for other in list(self.waiting):
            if other[1].builder == submitted.builder and self.random.random() < 0.3:
                self.waiting.remove(other)
                served.append(other[0])
                commands.append(request.CollapseRequest(request_id=other[0], into=key))
        assigned = BuildAssigned(
            builder=submitted.builder,
            requests=tuple(served),
            attempt=attempt,
            worker=self.random.choice(("w1", "w2")),
            fence=attempt,
            stamps=submitted.stamps,
            changes=submitted.changes,
            reason=submitted.reason,
            requested_by=submitted.requested_by,
            inputs=submitted.inputs,
            config_digest=submitted.config_digest,
        )
        self.execute(*commands, build.AssignBuild(build_id=made, assignment=assigned), actor="reactor:assigning")
        self.running[made] = Running(self, made, assigned, submitted)
        return made

    def advance_build(self) -> None:
        """A running build goes one thing further."""
        if self.running:
            self.running[self.random.choice(list(self.running))].advance()

    def worker_news(self) -> None:
        """A worker comes, goes, is paused or resumed."""
        name = self.random.choice(("w1", "w2", "w3"))
        match self.random.randrange(4):
            case 0 if not self.epochs.get(name):
                self.connect(name)
            case 1 if self.epochs.get(name):
                state, _ = self.ledger.load(worker_rules.AGGREGATE, worker.PauseWorker(worker=name).stream_id)
                self.execute(worker.DisconnectWorker(worker=name, epoch=state.epoch, reason="silent"))
                self.epochs[name] = False
            case 2:
                self.execute(worker.PauseWorker(worker=name, reason="upgrade"))
            case _:
                self.execute(worker.ResumeWorker(worker=name))

    def connect(self, name: str) -> None:
        """A worker says hello."""
        self.execute(
            worker.EnrollWorker(worker=name, credential_digest=f"digest of {name}"),
            worker.ConnectWorker(
                worker=name,
                credential_digest=f"digest of {name}",
                server_id=SERVER,
                boot_id="boot",
                instance_id=name,
                version="0.1.0",
                os="linux",
                arch="x86_64",
                labels={"disk": "ssd"},
                capacity=2,
                features=EVERYTHING,
                address="127.0.0.1",
            ),
        )
        self.epochs[name] = True

    def source_news(self) -> None:
        """The source fails or is read again."""
        if self.random.random() < 0.5:
            self.execute(source.ReportSourceFailure(source=SOURCE, cause="network", detail="no route to host"))
        else:
            self.execute(source.ReportSourceRecovery(source=SOURCE))

    def queue_news(self) -> None:
        """A waiting request gets another priority, or is cancelled."""
        if not self.waiting:
            return
        index = self.random.randrange(len(self.waiting))
        key = self.waiting[index][0]
        if self.random.random() < 0.6:
            self.execute(request.PrioritiseRequest(request_id=key, priority=self.random.randrange(100)))
        else:
            del self.waiting[index]
            self.execute(request.CancelRequest(request_id=key, reason="not needed"))

    def finish_everything(self) -> None:
        """Let every running build come to its end."""
        while self.running:
            self.advance_build()

    def build_once(self, name: str, result: Result, *, at: int | None = None, branch: str = "main") -> BuildId:
        """A whole build with this result, and nothing else meanwhile."""
        assert not self.waiting
        self.submit(name, branch, at)
        made = self.assign()
        assert made is not None
        running = self.running[made]
        running.result = result
        while made in self.running:
            running.advance()
        return made
