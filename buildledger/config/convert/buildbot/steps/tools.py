"""Steps for one tool each, whose classes make up its command line and read what it prints."""

from __future__ import annotations

from buildledger.config.convert.buildbot import conditions, described, values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import DictOf, Interpolate, ListOf, Value
from buildledger.config.convert.buildbot.site import items
from buildledger.config.convert.buildbot.steps import shell
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep, common


def cppcheck(old: OldStep) -> list[Keys]:
    """`Cppcheck`."""
    enabled = items(old.attribute("enable"))
    if not all(isinstance(each, str) for each in enabled):
        raise UnsayableError("what it looks for is made when it runs", "write the command as `run`")
    argv = [old.attribute("binary"), *items(old.attribute("source"))]
    argv += [f"--enable={','.join(map(str, enabled))}"] if enabled else []
    argv += ["--inconclusive"] if old.attribute("inconclusive") is True else []
    argv += items(old.attribute("extra_args"))
    old.entry.miss(
        "results",
        "an error that it finds failed the step, and by itself it exits with 0 whatever it finds",
        "add --error-exitcode=1, which makes every message that it gives a failure",
    )
    return shell.of_command(old, ListOf(argv))


def maxq(old: OldStep) -> list[Keys]:
    """`MaxQ`."""
    old.entry.note("results", "failures aren't counted from the output: its exit code is what counts")
    return shell.of_command(old, ListOf([old.attribute("binary"), old.attribute("testdir")]))


def rpm_build(old: OldStep) -> list[Keys]:
    """`RpmBuild`: a line for a shell, which asks it for the directory."""
    base, specfile = old.text("base_rpmbuild"), old.text("specfile")
    if base is None or specfile is None:
        raise UnsayableError("its command is made when it runs", "write it as a `script`")
    if old.attribute("autoRelease") is True:
        raise UnsayableError(
            "the number of its release is counted in a file of the master's", "use the build's number: build.number"
        )
    given: list[tuple[Value, Value]] = [("dist", old.attribute("dist"))]
    line = base.replace("%", "%%") + ' --define "dist %(kw:dist)s"'
    if old.attribute("vcsRevision") is True:
        line = base.replace("%", "%%") + ' --define "_revision %(prop:got_revision)s" --define "dist %(kw:dist)s"'
    old.taken("topdir", "builddir", "rpmdir", "sourcedir", "specdir", "srcrpmdir", "define")
    return shell.of_command(old, Interpolate(f"{line} -ba {specfile.replace('%', '%%')}", ListOf([]), DictOf(given)))


def asserted(old: OldStep) -> list[Keys]:
    """`Assert`: a step that fails, and runs only if what it looks at doesn't hold."""
    keys = common(old)
    if "when" in keys:
        raise UnsayableError("it looks at a value only under a condition", "a `when` that says both, on `run: [false]`")
    return [keys | {"when": f"!({conditions.condition(old.attribute('check'), old.context)})", "run": ["false"]}]


def shown(old: OldStep) -> list[Keys]:
    """`LogRenderable`: a value in the build's log."""
    content = old.attribute("content")
    if isinstance(content, described.ListOf | described.DictOf):
        raise UnsayableError("it shows a value that isn't one text", "a `run: [echo, …]` for each part")
    return [common(old) | {"run": ["echo", values.text(content, old.context)]}]
