"""Check out a source: two operations when a clone is there, more only when something has to be made or mended.

Each attempt is in the ledger, operation by operation. A broken network is tried again after a pause, a damaged clone
is made anew once, a stale lock is removed; who isn't let in, or asks for what isn't there, is told so at once.
"""

from __future__ import annotations

from collections.abc import Generator

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.config.steps.step import Timeout
from buildledger.events.operation import Copy, Ended, OperationSpec, Remove, Run, Text
from buildledger.events.results import Result
from buildledger.sources.git import checkout as git
from buildledger.sources.git import command, failure, names
from buildledger.sources.git.address import RefusedAddressError
from buildledger.sources.git.failure import Cause
from buildledger.sources.paths import UnsafePathError
from buildledger.steps.outcome import result_of, summary_of
from buildledger.steps.program import (
    Conclusion,
    ObtainRevision,
    Operation,
    Program,
    Request,
    StepInputs,
    StepProgram,
    UnusableStepError,
)

PAUSE_SECONDS = (10, 30, 90)
"""Before each further attempt when the network is to blame."""
MENDS = 2
"""How often a clone is mended: a stale lock, a damaged one."""
CAPTURE_BYTES = 16 << 10
"""Of git's output, to find the cause of a failure in."""
SHOWN_CHARACTERS = 12
"""Of a revision, in a summary."""

Asking = Generator[Request, Ended | None, Ended]


class _Failed(Exception):  # noqa: N818 - a way out of nested generators
    """A command of an attempt didn't do what was asked."""

    def __init__(self, label: str, spec: OperationSpec, ended: Ended) -> None:
        super().__init__(label)
        self.label, self.spec, self.ended = label, spec, ended

    @property
    def cause(self) -> Cause | None:
        """What git's output says; None when it wasn't git that failed."""
        if self.ended.reason in ("no_output", "max_time"):
            return Cause.NETWORK if self.label.startswith("git fetch") else None
        if self.ended.reason != "exited" or not isinstance(self.spec, Run):
            return None
        return failure.classify(self.ended.text)


def checkout(step: CheckoutStep, inputs: StepInputs) -> Program:
    """Bring the stamp's revision, or what its branch holds, into the build's directory; say which it was."""
    attempt = _Attempt(_plan(step, inputs), step.timeout)
    pauses, mends = list(PAUSE_SECONDS), MENDS
    while True:
        try:
            revision = yield from attempt.run()
        except _Failed as failed:
            if failed.cause is Cause.NETWORK and pauses:
                try:
                    yield from attempt.pause(pauses.pop(0))
                except _Failed as interrupted:
                    return _give_up(interrupted)
            elif failed.cause is Cause.CORRUPT and mends:
                mends -= 1
                attempt.mend(failed.ended.text)
            else:
                return _give_up(failed)
        else:
            yield ObtainRevision(source=step.source, revision=revision)
            return Conclusion(result=Result.SUCCESS, summary=f"{step.source} at {revision[:SHOWN_CHARACTERS]}")


def _plan(step: CheckoutStep, inputs: StepInputs) -> git.Checkout:
    stamp = inputs.stamps.get(step.source)
    if stamp is None:
        raise UnusableStepError(f"the build was requested without source {step.source!r}, so it can't be checked out")
    try:
        return git.plan(
            url=stamp.repository,
            branch=stamp.branch,
            revision=stamp.revision or inputs.revisions.get(step.source),
            source=step.source,
            into=step.into,
            method=step.method,
            filter=step.filter,
            depth=step.depth,
            submodules=step.submodules,
            lfs=step.lfs,
        )
    except (RefusedAddressError, names.RefusedNameError, UnsafePathError) as error:
        raise UnusableStepError(str(error)) from error


class _Attempt:
    """One way through the commands of a checkout, with what earlier failures have taught."""

    def __init__(self, plan: git.Checkout, timeout: Timeout) -> None:
        self._plan = plan
        self._timeout = timeout
        self._env = {name: Text(value) for name, value in git.environment(plan).items()}
        self._remove: str | None = _root(plan) if plan.method == "clobber" else None
        self._object_format: str | None = None

    def mend(self, output: str) -> None:
        """Let the next attempt begin by removing what was in the way: a lock if that was it, else the clone."""
        lock = failure.stale_lock(output)
        self._remove = _below(self._plan.clone, f".git/{lock}") if lock else _root(self._plan)
        self._object_format = failure.far_object_format(output)

    def pause(self, seconds: int) -> Asking:
        """Let the worker wait, which a restart of the server doesn't begin anew. Raises: _Failed."""
        spec = Run(argv=git.pause(seconds), unset_env=command.INHERITED, no_output_seconds=None)
        return (yield from self._ask(f"wait {seconds} s for the network", spec))

    def run(self) -> Generator[Request, Ended | None, str]:
        """Give the revision that the files now are of. Raises: _Failed."""
        if self._remove:
            yield from self._ask("remove", Remove(path=self._remove))
        removed_all, self._remove = self._remove == _root(self._plan), None
        yield from self._fetch(missing=removed_all)
        revision = self._plan.revision
        if revision is None:
            resolved = yield from self._git("rev-parse", git.resolve(self._plan))
            revision = resolved.text.strip()
            if not names.is_object_name(revision):
                raise _Failed(
                    "git rev-parse", Run(), Ended(reason="io_error", detail=f"no revision: {revision[:80]!r}")
                )
        yield from self._git("checkout", git.switch(self._plan, revision))
        if cleaning := git.clean(self._plan):
            yield from self._git("clean", cleaning)
        for argv in git.update_submodules(self._plan):
            yield from self._git("submodule", argv)
        if self._plan.clone != self._plan.into:
            yield from self._ask("copy", Copy(source=self._plan.clone, target=self._plan.into))
        return revision

    def _fetch(self, *, missing: bool) -> Generator[Request, Ended | None, None]:
        """Fetch into the clone; make one first if there is none. Whether there is one, the fetch itself tells."""
        whole_branch = False
        while True:
            if missing:
                yield from self._git("init", git.init(self._plan, self._object_format))
                yield from self._git("remote add", git.add_origin(self._plan))
            try:
                yield from self._git("fetch", git.fetch(self._plan, whole_branch=whole_branch))
            except _Failed as failed:
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
            no_output_seconds=self._timeout.no_output_seconds,
            max_seconds=self._timeout.total_seconds,
            capture_bytes=CAPTURE_BYTES,
        )
        return (yield from self._ask(f"git {verb}", spec))

    def _ask(self, label: str, spec: OperationSpec) -> Asking:
        ended = yield Operation(label=label, spec=spec)
        assert ended is not None
        if not ended.ok:
            raise _Failed(label, spec, ended)
        return ended


def _give_up(failed: _Failed) -> Conclusion:
    """No code was built, so nobody's commit is to blame: an exception, except for what the commit itself names."""
    result = result_of(failed.ended)
    if failed.cause is None:
        summary = f"{failed.label}: {summary_of(failed.ended, failed.spec)}"
        return Conclusion(result=Result.EXCEPTION if result is Result.FAILURE else result, summary=summary)
    own_fault = failed.label == "git submodule" and failed.cause in (Cause.NOT_FOUND, Cause.OTHER)
    return Conclusion(
        result=Result.FAILURE if own_fault else Result.EXCEPTION,
        summary=f"{failed.label}: {EXPLANATIONS[failed.cause]}: {failure.detail(failed.ended.text)}",
    )


EXPLANATIONS = {
    Cause.AUTH: "not let in",
    Cause.NOT_FOUND: "not found",
    Cause.NETWORK: "no connection",
    Cause.CORRUPT: "damaged clone",
    Cause.OTHER: "failed",
}


def _root(plan: git.Checkout) -> str:
    """What has to go for a new beginning; the build's directory itself stays."""
    return ".git" if plan.clone == "." else plan.clone


def _below(directory: str, path: str) -> str:
    return path if directory == "." else f"{directory}/{path}"


PROGRAM = StepProgram(name="checkout", version=1, start=checkout)
