"""What triggers have requested, and what they follow."""

from __future__ import annotations

from buildledger.domain.source import MoveBranch
from buildledger.events.change import BranchMoved
from buildledger.events.operation import Ended
from buildledger.events.request import RequestSubmitted, SourceStamp
from tests.reactors.world import REPOSITORY, World


def asked(w: World) -> list[tuple[str, str | None]]:
    """Builders and revisions of all requests."""
    return [(fact.builder, fact.stamps[0].revision) for fact in w.facts(RequestSubmitted)]


def stamp(revision: str) -> SourceStamp:
    """A commit on the main branch of the source of `TRIGGERS`."""
    return SourceStamp(source="widget", repository=REPOSITORY, branch="main", revision=revision)


def checked_out(revision: str) -> Ended:
    """What git says when all went well, whatever it was asked."""
    return Ended(reason="exited", exit_code=0, text=revision + "\n")


async def see(w: World, source: str = "widget", **heads: str) -> None:
    """The first sight of a source."""
    moves = (BranchMoved(source=source, branch=name, revision=at, initial=True) for name, at in heads.items())
    await w.do(*(MoveBranch(source=source, move=move) for move in moves))
