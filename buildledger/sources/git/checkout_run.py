"""A checkout as it goes on: the commands of `checkout.py` in their order, and what their failures lead to.

Whatever state a directory is in, it comes to the revision, or is made anew once; so a failure that is left tells of the
machine, of the far end or, if it happened in a clone made from nothing, of the commit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

import msgspec

from buildledger.events.operation import Copy, Ended, EndReason, MakeDirectory, OperationSpec, Remove, Run, Stat, Text
from buildledger.sources import paths
from buildledger.sources.failures import Failure
from buildledger.sources.git import checkout as git
from buildledger.sources.git import checkout_failure, command, failure, names
from buildledger.sources.port import CheckoutProgram, WorkerCommand, WorkerCommandFailedError

CAPTURE_BYTES = 16 << 10
"""Of git's output, to find the cause of a failure in."""
NESTED_SUBMODULES = 8
"""Levels of submodules inside submodules that may have changed their addresses between two checkouts."""
REMOVALS = 16
"""Directories that one checkout removes because git can't; where there are more, all is made anew."""
_DAMAGE = frozenset({git.Finding.CHANGED_SUBMODULE, git.Finding.LED_ELSEWHERE})
"""What is only mended by making the clone anew."""

Asking = Generator[WorkerCommand, Ended, Ended]
Doing = Generator[WorkerCommand, Ended, None]


class GitCheckout:
    """See `Checkout` in `sources/port.py`. A clone that is there needs three commands: remote, fetch, checkout.

    git is started in the clone. So whatever is swapped for a link after the links were looked for: the worker finds the
    way there, and that never leads out of the build's directory.
    """

    def __init__(
        self, plan: git.Checkout, no_output_seconds: float | None, *, alone: bool = True, first: bool = False
    ) -> None:
        self._plan = plan
        self._first = first
        self._root = plan.clone if alone or plan.clone != "." else ".git"
        """What goes when all is made anew; the build's directory not if other sources are in it already."""
        self._no_output_seconds = no_output_seconds
        self._env = {name: Text(value) for name, value in git.environment(plan).items()}
        self._remove: str | None = self._root if plan.method == "clobber" else None
        self._made_anew = False
        """Whether this attempt works in a directory that wasn't there, or from which all had been removed."""
        self._unshallow = False
        """Whether the clone lacks history that is wanted."""
        self._object_format: str | None = None

    def attempt(self) -> CheckoutProgram:
        """Give the revision that the files are of afterwards."""
        is_missing = yield from self._refuse_links()
        if self._remove:
            yield from _ask("remove", Remove(path=self._remove))
        self._made_anew, self._remove = is_missing or self._remove == self._root, None
        yield from self._fetch()
        revision = self._plan.revision or (yield from self._resolve())
        yield from self._switch(revision)
        yield from self._clean()
        if self._plan.submodules:
            yield from self._update_submodules()
        if self._plan.clone != self._plan.into:
            yield from _ask("copy", Copy(source=self._plan.clone, target=self._plan.into))
        return revision

    def failure(self, failed: WorkerCommandFailedError) -> Failure | None:
        """What git's output says; what may be due to the state of the directory counts as a damaged clone."""
        return checkout_failure.found_in(failed, made_anew=self._made_anew)

    def blames_commit(self, failed: WorkerCommandFailedError) -> bool:
        """Submodules that the commit names and that can't be had, though nothing was left of earlier builds."""
        return checkout_failure.blames_commit(failed, self.failure(failed))

    def repair(self, failed: WorkerCommandFailedError) -> None:
        """Remove a stale lock if that was in the way, else all; make a new clone in the far end's object format."""
        output = failed.ended.text
        lock = failure.stale_lock(output)
        self._remove = paths.below(self._plan.clone, f".git/{lock}") if lock else self._root
        self._object_format = failure.far_object_format(output)

    def may_come(self, failed: WorkerCommandFailedError) -> bool:
        """A commit that the far end doesn't have: it was named before it was pushed, or to another copy than this."""
        return self._plan.revision is not None and checkout_failure.lacks_commit(failed, self.failure(failed))

    def pause(self, seconds: int) -> WorkerCommand:
        """Wait in git's own shell."""
        spec = Run(argv=git.pause(seconds), unset_env=command.INHERITED, no_output_seconds=None)
        return WorkerCommand(f"wait {seconds} s and try again", spec)

    def _refuse_links(self) -> Generator[WorkerCommand, Ended, bool]:
        """Make sure that no link leads git to another directory than the one asked for; True: nothing is there yet.

        A link may be in a revision of another source, or left by an earlier build. git would work, and remove, where it
        leads; within the build's directory too that isn't what the step says.
        """
        is_missing = False
        for path in paths.above(self._plan.clone, self._plan.into):
            found = yield from _ask("look for links", Stat(path=path))
            if found.text == "link":
                detail = (
                    f"{path} is a link, and a checkout goes into a directory of its own: give another one with 'into'"
                )
                raise WorkerCommandFailedError(
                    WorkerCommand("look for links", Stat(path=path)),
                    Ended(reason=EndReason.REFUSED_PATH, detail=detail),
                )
            is_missing |= path == self._plan.clone and found.text == "missing"
        return is_missing

    def _fetch(self) -> Doing:
        yield from self._make_sure_of_clone()
        try:
            yield from self._git("fetch", git.fetch(self._plan, unshallow=self._unshallow))
        except WorkerCommandFailedError as failed:
            if not failure.needs_whole_branch(failed.ended.text):
                raise
            yield from self._git("fetch", git.fetch(self._plan, whole_branch=True, unshallow=self._unshallow))

    def _make_sure_of_clone(self) -> Doing:
        """Have a clone whose `origin` is the far end. Whether there is one, the attempt to set that tells."""
        if not self._made_anew and (yield from self._set_origin()):
            return
        if self._plan.clone != ".":
            yield from _ask("make directory", MakeDirectory(path=self._plan.clone))
        yield from self._git("init", git.init(self._plan, self._object_format))
        if not self._made_anew:
            yield from self._remove_strangers()
        try:
            yield from self._git("remote add", git.add_origin(self._plan))
        except WorkerCommandFailedError as failed:
            if not failure.has_origin(failed.ended.text):
                raise
            # what there was of a clone has become one again
            yield from self._set_origin()
        if self._plan.lfs:
            yield from self._git("config", git.remember_filter(self._plan))

    def _set_origin(self) -> Generator[WorkerCommand, Ended, bool]:
        """Make what clone there is one that can be fetched into; False: there is none."""
        try:
            looked = yield from self._git("remote", git.set_origin(self._plan))
        except WorkerCommandFailedError as failed:
            if failed.ended.reason == EndReason.START_FAILED and self._plan.clone != ".":
                # if git can be started elsewhere, that is no directory, or none that can be entered
                yield from self._run("git version", git.say_version())
                yield from self._remove_clone()
                return False
            if failure.is_missing_clone(failed.ended.text):
                return False
            if not failure.lacks_origin(failed.ended.text):
                raise
            yield from self._git("remote add", git.add_origin(self._plan))
            looked = yield from self._git("remote", git.set_origin(self._plan))
        return (yield from self._settle(git.findings(looked.text)))

    def _settle(self, found: frozenset[git.Finding]) -> Generator[WorkerCommand, Ended, bool]:
        """See to what was found in a clone; False: it had to be removed."""
        self._unshallow = git.Finding.SHALLOW in found and self._plan.depth is None
        other_filter = git.Finding.OTHER_FILTER in found
        if found & _DAMAGE or (self._plan.submodules and (self._unshallow or other_filter)):
            # what submodules hold follows no command that the clone is given
            yield from self._remove_clone()
            return False
        if other_filter or git.Finding.UNKNOWN_FILES in found:
            try:
                yield from self._git("read-tree", git.read_tree())
            except WorkerCommandFailedError as failed:
                if not failure.has_no_head(failed.ended.text):
                    raise
                yield from self._remove_strangers()
        if other_filter:
            yield from self._git("config", git.remember_filter(self._plan))
        return True

    def _remove_clone(self) -> Doing:
        """Go on as in a directory that was never used."""
        yield from _ask("remove", Remove(path=self._root))
        self._made_anew, self._unshallow = True, False

    def _remove_strangers(self) -> Doing:
        """Have no file there of which nobody knows that it is of an earlier revision, unless this build brought it."""
        if self._first and self._plan.method is None:
            yield from self._clean_by(git.remove_unknown(), git.remove_unknown(dry_run=True))

    def _resolve(self) -> Generator[WorkerCommand, Ended, str]:
        resolved = yield from self._git("rev-parse", git.resolve())
        revision = resolved.text.strip()
        if not names.is_object_name(revision):
            detail = f"no revision: {revision[:80]!r}"
            raise WorkerCommandFailedError(
                WorkerCommand("git rev-parse", Run()), Ended(reason=EndReason.IO_ERROR, detail=detail)
            )
        return revision

    def _switch(self, revision: str) -> Doing:
        """Check out; what had been submodules and isn't any more is left there by git, with repositories in it."""
        switching = git.switch(self._plan, revision)
        switched = yield from self._git("checkout", switching)
        if not (left := failure.count_kept_directories(switched.text)):
            return
        kept = failure.kept_directories(switched.text)
        if left > min(len(kept), REMOVALS):
            # with names that can't be read from what git prints, or too many; git says so once only
            ended = msgspec.structs.replace(switched, exit_code=1)
            raise WorkerCommandFailedError(WorkerCommand("git checkout", Run(argv=switching)), ended)
        yield from self._remove_all(kept)
        yield from self._git("checkout", switching)

    def _clean(self) -> Doing:
        """Clean; directories that a build made read-only keep git from it, but not the worker."""
        cleaning = git.clean(self._plan)
        listing = git.clean(self._plan, dry_run=True)
        if cleaning is not None and listing is not None:
            yield from self._clean_by(cleaning, listing)

    def _clean_by(self, cleaning: tuple[str, ...], listing: tuple[str, ...]) -> Doing:
        try:
            yield from self._git("clean", cleaning)
        except WorkerCommandFailedError as failed:
            left = failure.not_removed(failed.ended.text)
            listed = yield from self._git("clean", listing)
            listed_paths = failure.would_remove(listed.text)
            whole = [path for path in listed_paths if any(paths.is_in(each, path) for each in left)]
            if not whole:
                raise
            yield from self._remove_all(whole)
            yield from self._git("clean", cleaning)

    def _update_submodules(self) -> Doing:
        """Each further round knows the addresses that the round before has brought, one level deeper."""
        synchronise, update = git.update_submodules(self._plan)
        said = ""
        for rounds_left in reversed(range(NESTED_SUBMODULES)):
            yield from self._git("submodule", synchronise)
            try:
                yield from self._git("submodule", update)
            except WorkerCommandFailedError as failed:
                if not rounds_left or failed.ended.text == said or not self._may_be_stale(failed):
                    raise
                said = failed.ended.text
            else:
                break
        if cleaning := git.clean_submodules(self._plan):
            yield from self._git("submodule", cleaning)

    def _may_be_stale(self, failed: WorkerCommandFailedError) -> bool:
        """Whether an address that the clone remembers may be to blame; one made from nothing remembers none."""
        exited = failed.ended.reason == EndReason.EXITED
        return exited and not self._made_anew and not failure.is_conclusive(failed.ended.text)

    def _remove_all(self, removed: Iterable[str]) -> Doing:
        for path in list(removed)[:REMOVALS]:
            yield from _ask("remove", Remove(path=paths.below(self._plan.clone, path)))

    def _git(self, verb: str, argv: tuple[str, ...]) -> Asking:
        return (yield from self._run(f"git {verb}", argv, self._plan.clone))

    def _run(self, label: str, argv: tuple[str, ...], directory: str = ".") -> Asking:
        spec = Run(
            argv=argv,
            cwd=directory,
            env=dict(self._env),
            unset_env=command.INHERITED,
            no_output_seconds=self._no_output_seconds,
            capture_bytes=CAPTURE_BYTES,
        )
        return (yield from _ask(label, spec))


def _ask(label: str, spec: OperationSpec) -> Asking:
    wanted = WorkerCommand(label, spec)
    ended = yield wanted
    if not ended.ok:
        raise WorkerCommandFailedError(wanted, ended)
    return ended
