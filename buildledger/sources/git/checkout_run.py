"""A checkout as it goes on: the commands of `checkout.py` in their order, and what their failures lead to."""

from __future__ import annotations

from collections.abc import Generator

from buildledger.events.change import FailureCause
from buildledger.events.operation import Copy, Ended, OperationSpec, Remove, Run, Stat, Text
from buildledger.sources.failures import Failure
from buildledger.sources.git import checkout as git
from buildledger.sources.git import command, failure, names
from buildledger.sources.port import CheckoutProgram, WorkerCommand, WorkerCommandFailedError

CAPTURE_BYTES = 16 << 10
"""Of git's output, to find the cause of a failure in."""

Asking = Generator[WorkerCommand, Ended, Ended]


class GitCheckout:
    """See `Checkout` in `sources/port.py`. A clone that is there needs two commands: fetch, checkout."""

    def __init__(self, plan: git.Checkout, no_output_seconds: float | None, max_seconds: float | None) -> None:
        self._plan = plan
        self._no_output_seconds = no_output_seconds
        self._max_seconds = max_seconds
        self._env = {name: Text(value) for name, value in git.environment(plan).items()}
        self._remove: str | None = _root(plan) if plan.method == "clobber" else None
        self._object_format: str | None = None

    def attempt(self) -> CheckoutProgram:
        """Give the revision that the files are of afterwards."""
        yield from self._refuse_links()
        if self._remove:
            yield from _ask("remove", Remove(path=self._remove))
        removed_all, self._remove = self._remove == _root(self._plan), None
        yield from self._fetch(missing=removed_all)
        revision = self._plan.revision
        if revision is None:
            resolved = yield from self._git("rev-parse", git.resolve(self._plan))
            revision = resolved.text.strip()
            if not names.is_object_name(revision):
                detail = f"no revision: {revision[:80]!r}"
                raise WorkerCommandFailedError(
                    WorkerCommand("git rev-parse", Run()), Ended(reason="io_error", detail=detail)
                )
        yield from self._git("checkout", git.switch(self._plan, revision))
        if cleaning := git.clean(self._plan):
            yield from self._git("clean", cleaning)
        for argv in git.update_submodules(self._plan):
            yield from self._git("submodule", argv)
        if self._plan.clone != self._plan.into:
            yield from _ask("copy", Copy(source=self._plan.clone, target=self._plan.into))
        return revision

    def failure(self, failed: WorkerCommandFailedError) -> Failure | None:
        """What git's output says; a fetch that had to be stopped is a broken network."""
        ended, asked = failed.ended, failed.command
        if ended.reason in ("no_output", "max_time"):
            fetching = asked.label.startswith("git fetch")
            return Failure(FailureCause.NETWORK, failure.detail(ended.text)) if fetching else None
        if ended.reason != "exited" or not isinstance(asked.spec, Run):
            return None
        return Failure(failure.classify(ended.text), failure.detail(ended.text))

    def blames_commit(self, failed: WorkerCommandFailedError) -> bool:
        """Submodules that aren't there, or can't be made what the commit says, are the commit's fault."""
        found = self.failure(failed)
        return (
            failed.command.label == "git submodule"
            and found is not None
            and found.cause in (FailureCause.NOT_FOUND, FailureCause.OTHER)
        )

    def repair(self, failed: WorkerCommandFailedError) -> None:
        """Remove a stale lock if that was in the way, else the clone; make a new one in the far end's object format."""
        output = failed.ended.text
        lock = failure.stale_lock(output)
        self._remove = _below(self._plan.clone, f".git/{lock}") if lock else _root(self._plan)
        self._object_format = failure.far_object_format(output)

    def pause(self, seconds: int) -> WorkerCommand:
        """Wait in git's own shell."""
        spec = Run(argv=git.pause(seconds), unset_env=command.INHERITED, no_output_seconds=None)
        return WorkerCommand(f"wait {seconds} s for the network", spec)

    def _refuse_links(self) -> Generator[WorkerCommand, Ended, None]:
        """Make sure that no link leads git to another directory than the one that was asked for.

        A link may be in a revision of another source, or left by an earlier build. git would work, and remove, where it
        leads; within the build's directory too that isn't what the step says.
        """
        for path in _above(self._plan.clone, self._plan.into):
            found = yield from _ask("look for links", Stat(path=path))
            if found.text == "link":
                detail = (
                    f"{path} is a link, and a checkout goes into a directory of its own: give another one with 'into'"
                )
                raise WorkerCommandFailedError(
                    WorkerCommand("look for links", Stat(path=path)), Ended(reason="refused_path", detail=detail)
                )

    def _fetch(self, *, missing: bool) -> Generator[WorkerCommand, Ended, None]:
        """Fetch into the clone; make one first if there is none. Whether there is one, the fetch itself tells."""
        whole_branch = False
        while True:
            if missing:
                yield from self._git("init", git.init(self._plan, self._object_format))
                yield from self._git("remote add", git.add_origin(self._plan))
            try:
                yield from self._git("fetch", git.fetch(self._plan, whole_branch=whole_branch))
            except WorkerCommandFailedError as failed:
                if not missing and failure.is_missing_clone(failed.ended.text):
                    missing = True
                elif not whole_branch and failure.needs_whole_branch(failed.ended.text):
                    missing, whole_branch = False, True
                else:
                    raise
            else:
                return

    def _git(self, verb: str, argv: tuple[str, ...]) -> Asking:
        spec = Run(
            argv=argv,
            env=dict(self._env),
            unset_env=command.INHERITED,
            no_output_seconds=self._no_output_seconds,
            max_seconds=self._max_seconds,
            capture_bytes=CAPTURE_BYTES,
        )
        return (yield from _ask(f"git {verb}", spec))


def _ask(label: str, spec: OperationSpec) -> Asking:
    wanted = WorkerCommand(label, spec)
    ended = yield wanted
    if not ended.ok:
        raise WorkerCommandFailedError(wanted, ended)
    return ended


def _root(plan: git.Checkout) -> str:
    """What has to go for a new beginning; the build's directory itself stays."""
    return ".git" if plan.clone == "." else plan.clone


def _above(*places: str) -> list[str]:
    """The directories that lead to places, and the places themselves, each once and without the build's directory."""
    parts = [place.split("/") for place in places if place != "."]
    return list(dict.fromkeys("/".join(each[:end]) for each in parts for end in range(1, len(each) + 1)))


def _below(directory: str, path: str) -> str:
    return path if directory == "." else f"{directory}/{path}"
