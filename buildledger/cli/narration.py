"""What `serve` prints for whoever started it: where it is, how to sign in, and what becomes of builds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from buildledger import __version__
from buildledger.cli.sign_in import lifetime, link
from buildledger.cli.summary import MARKS
from buildledger.events.build import BuildAssigned, BuildFinished, StepFinished, StepStarted
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.settings import ADMIN_TOKEN_FILE

REVISION_CHARACTERS = 10


@dataclass
class _Build:
    """What is known of a build that runs."""

    what: str
    began_at: datetime
    steps: dict[int, str] = field(default_factory=dict)
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """What is said at the start, beside the addresses."""

    state: Path
    config: Path | None
    """The configuration that was found, for whoever gave none."""
    to_a_person: bool
    """Whether somebody reads it in a terminal. A link that signs in is printed for no log."""
    state_option: str = ""
    """What has to be given to other commands so that they find the same state."""
    notes: Sequence[str] = ()


class Narration:
    """See `Audience`."""

    def __init__(self, introduction: Introduction, echo: Callable[[str], None], *, follows_builds: bool) -> None:
        self._introduction = introduction
        self._echo = echo
        self._follows_builds = follows_builds
        self._url = ""
        self._builds: dict[UUID, _Build] = {}

    @property
    def follows_builds(self) -> bool:
        """See `Audience`."""
        return self._follows_builds

    def serves(self, url: str, worker_address: str) -> None:
        """See `Audience`."""
        self._url = url
        said = [f"Build Ledger {__version__} serves {url or 'no API'}, workers at {worker_address}"]
        introduction = self._introduction
        if introduction.config is not None:
            said.append(f"  Builds     what {introduction.config} says; a change of it counts at once")
            said.append(f"  Keeps      everything in {introduction.state}")
        said += [f"  {line}" for line in self._how_to_sign_in(url)] if url else []
        said += [f"  Note       {note}" for note in introduction.notes]
        self._echo("\n".join(said))

    def _how_to_sign_in(self, url: str) -> list[str]:
        token = self._introduction.state.resolve() / ADMIN_TOKEN_FILE
        command = f"buildledger sign-in{self._introduction.state_option}"
        if self._introduction.to_a_person:
            once = f"good once, within {lifetime()}; `{command}` prints another"
            return [f"Sign in    {link(url, token.read_text().strip())}", f"           {once}"]
        return [f"Sign in    with the token in {token}, or by the link that `{command}` prints"]

    def happened(self, recorded: Recorded) -> None:
        """See `Audience`."""
        build = self._builds.get(recorded.stream_id)
        match recorded.fact:
            case BuildAssigned() as fact:
                self._begin(recorded, fact)
            case StepStarted(step=step, name=name) if build is not None:
                build.steps[step] = name
            case StepFinished(result="failure" | "exception") as fact if build is not None and not build.failed:
                name = build.steps.get(fact.step, str(fact.step + 1))
                build.failed = f" in step '{name}': {fact.summary}" if fact.summary else f" in step '{name}'"
            case BuildFinished() as fact:
                self._end(recorded, fact)
            case ConfigApplied(revision=revision) if revision > 1:
                self._echo(f"… the changed configuration is in force: the next commit is built by it, or {AGAIN}")
            case _:
                pass

    def _begin(self, recorded: Recorded, fact: BuildAssigned) -> None:
        revisions = [f"{each.branch} @ {(each.revision or '')[:REVISION_CHARACTERS]}" for each in fact.stamps]
        what = f"{fact.builder}: {', '.join(revisions)}" if revisions else fact.builder
        self._builds[recorded.stream_id] = _Build(what, recorded.meta.recorded_at)
        self._echo(f"… building {what}  {self._address(recorded)}")

    def _end(self, recorded: Recorded, fact: BuildFinished) -> None:
        build = self._builds.pop(recorded.stream_id, None)
        if build is None:
            return
        seconds = (recorded.meta.recorded_at - build.began_at).total_seconds()
        how = ENDS[fact.result] + (build.failed if fact.result in ("failure", "exception") else "")
        if fact.summary and not build.failed:
            how += f": {fact.summary}"
        where = "" if fact.result in ("success", "warnings") else f"  {self._address(recorded)}"
        self._echo(f"{MARKS[fact.result]} {build.what} {how}, after {seconds:.1f} s{where}")

    def _address(self, recorded: Recorded) -> str:
        return f"{self._url}/builds/{recorded.stream_id}" if self._url else ""

    def stopped(self, verifier: str, note: str) -> None:
        """See `Audience`."""
        self._echo(f"The last tree head. Keep it elsewhere, for `audit verify --head FILE`:\n{verifier}\n{note}")


AGAIN = "press Rebuild on the page of a build"
ENDS = {
    "success": "is green",
    "warnings": "is green, with warnings",
    "failure": "is red",
    "exception": "is red, and not by the code's fault",
    "cancelled": "was stopped",
    "skipped": "was skipped",
    "retry": "will be tried again",
}
"""What is said of a build by its result."""
