"""Steps that run a command of the user's: `ShellCommand` and everything made like it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from buildledger.config.convert.buildbot import described, environment, references, values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.environment import Environment
from buildledger.config.convert.buildbot.references import BUILD_DIRECTORY, Part
from buildledger.config.convert.buildbot.shell_text import ShellText, exports, needs_going_on
from buildledger.config.convert.buildbot.site import entries
from buildledger.config.convert.buildbot.steps import own_run, windows
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep, common, directory, timeout
from buildledger.config.paths import fault as path_fault

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_ABOVE = re.compile(r"(?<![\w./])(?:\.\./)+[\w.-]*")
"""A path that begins above the directory."""
_COUNTING = frozenset(
    {"WarningCountingShellCommand", "Compile", "PyFlakes", "PyLint", "Sphinx", "BuildEPYDoc", "VisualStudio"}
)
_READING = {
    "SubunitShellCommand": "add a `test_report` with `format: subunit`",
    "Trial": "have trial write a report (--reporter=subunit) and add a `test_report` step",
    "PerlModuleTest": "have prove write TAP or JUnit and add a `test_report` step",
    "PyLint": "pylint's exit code says for every message that there was one: choose those that count with --fail-on",
    "MTR": "have it write JUnit (--xml-report) and add a `test_report` step",
}


def convert(old: OldStep) -> list[Keys]:
    """The command as the step has it."""
    command = old.attribute("command")
    if command is None or command == described.ListOf([]):
        raise UnsayableError(
            f"{old.cls.name} puts its command together when it runs", "write the command as `run`, or in a `script`"
        )
    return of_command(old, command)


def of_command(old: OldStep, command: Value) -> list[Keys]:
    """The step with this command, and what it needs beside it."""
    env = environment_of(old)
    _remark(old)
    step = common(old) | program(old, command, env) | directory(old) | timeout(old)
    remark_outside(old, step)
    return [step, *_log_files(old, step)]


def remark_outside(old: OldStep, step: Keys) -> None:
    """What stood beside the directory that steps ran in is inside it here."""
    depth = len([part for part in str(step.get("workdir", "")).split("/") if part])
    said = [step["script"]] if "script" in step else [each for each in step.get("run", []) if isinstance(each, str)]
    for path in _ABOVE.findall("\n".join(said)):
        if path.count("../") > depth:
            old.entry.note(
                "paths",
                f"'{path}' is outside the build's directory, and what stood there is inside it here, or nowhere",
                "write the path from the step's directory on",
            )


def program(old: OldStep, command: Value, env: Environment) -> Keys:
    """`run` or `script`, with the variables that it needs."""
    if isinstance(command, described.ListOf | described.Flatten) or values.makes_list(command, old.context):
        argv = values.arguments(command, old.context)
        return _argv(old, argv, env)
    if isinstance(command, described.PropertyOf):
        raise UnsayableError("its command is a property: text of a build never becomes a script", "give it arguments")
    return _script(old, values.parts(command, old.context), env)


def _below(old: OldStep) -> str:
    """The step's directory, from the build's on."""
    return str(directory(old).get("workdir", ""))


def _script(old: OldStep, parts: Sequence[Part], env: Environment) -> Keys:
    shell = ShellText({*env.env, *env.from_worker}, _below(old))
    return _of_text(old, shell.script(parts), shell, env)


def _of_text(old: OldStep, text: str, shell: ShellText, env: Environment) -> Keys:
    """A script, which Buildbot's shell goes on with after a command that fails."""
    if not text.strip():
        raise _empty()
    if old.context.is_windows:
        return _with_env({"script": windows.script(text, shell, env.from_worker)}, env, shell)
    going_on = "set +e\n" if needs_going_on(text) else ""
    return _with_env({"script": going_on + exports(env.from_worker, _below(old)) + text}, env, shell)


def _argv(old: OldStep, argv: list[list[Part]], env: Environment) -> Keys:
    if not argv:
        raise _empty()
    shell = ShellText({*env.env, *env.from_worker}, _below(old))
    if (index := _script_argument(argv)) is not None:
        text = shell.script(argv[index])
        if posixpath.basename(str(argv[0][0])) == "sh" and index == len(argv) - 1 == 2 and not old.context.is_windows:
            return _of_text(old, text, shell, env)
        argv = [*argv[:index], [text], *argv[index + 1 :]]
    if env.from_worker or any(BUILD_DIRECTORY in argument for argument in argv):
        command = shell.command(argv)
        if old.context.is_windows:
            windows.script(command, shell, env.from_worker)
        return _with_env({"script": f"{exports(env.from_worker, _below(old))}{command}"}, env, shell)
    return _with_env({"run": [references.node(argument) for argument in argv]}, env, shell)


def _empty() -> UnsayableError:
    return UnsayableError("its command is empty", "take it out")


def _script_argument(argv: list[list[Part]]) -> int | None:
    """Which argument a shell reads as a script: `bash -c TEXT`."""
    if len(argv) < 3 or len(argv[0]) != 1 or posixpath.basename(str(argv[0][0])) not in SHELLS:
        return None
    for index, argument in enumerate(argv[1:-1], start=1):
        flag = argument[0] if len(argument) == 1 and isinstance(argument[0], str) else ""
        if not flag.startswith("-"):
            return None
        if not flag.startswith("--") and flag.endswith("c"):
            return index + 1
    return None


def _with_env(keys: Keys, env: Environment, shell: ShellText) -> Keys:
    variables = {**env.env, **shell.env}
    return keys | ({"env": variables} if variables else {})


def environment_of(old: OldStep) -> Environment:
    """The step's variables, and those of its builder that only a shell can put together."""
    own = environment.convert(old.attribute("env"), old.context, old.entry)
    inherited = {name: text for name, text in old.context.variables.items() if name not in own.env}
    return Environment(own.env, inherited | own.from_worker)


def _log_files(old: OldStep, step: Keys) -> list[Keys]:
    """Files that Buildbot shows as logs beside the output are kept as artifacts."""
    uploads: list[Keys] = []
    if not isinstance(old.attribute("logfiles"), described.DictOf | None):
        old.entry.miss("logfiles", "its files are named when it runs", "add an `upload` step with `always_run: true`")
    for name, value in entries(old.attribute("logfiles")).items():
        path = entries(value).get("filename") if isinstance(value, described.DictOf) else value
        try:
            node = values.text(path, old.context)
            if isinstance(node, str) and "workdir" in step:
                node = posixpath.normpath(posixpath.join(step["workdir"], node))
            if isinstance(node, str) and (reason := path_fault(node)):
                raise UnsayableError(reason)
        except UnsayableError as error:
            old.entry.note(f"logfiles: {name}", error.why, "add an `upload` step with `always_run: true`")
            continue
        uploads.append({"name": f"log {name}", "upload": node, "optional": True, "always_run": True})
        old.entry.note("logfiles", "files are kept as artifacts when the step has ended, not followed while it runs")
    return uploads


def _remark(old: OldStep) -> None:
    """What a shell command of Buildbot can do besides."""
    note = old.entry.note
    if _COUNTING.intersection(old.cls.bases) and old.attribute("warningPattern", default="") is not None:
        note(
            "warnings",
            "warnings in the output aren't counted",
            "have the command itself fail, with -Werror and the like",
        )
    for name, instead in _READING.items():
        if name in old.cls.bases:
            note("results", "its output isn't read for the results of tests", instead)
    if _differs(old.attribute("decodeRC"), {"0": 0}):
        note("decodeRC", "an exit code other than 0 is a failure", "have a script exit with 0 for those that are none")
    if old.attribute("initialStdin") is not None:
        note("initialStdin", "programs get no input", "have a script feed it")
    if old.attribute("usePTY", default=False) is True:
        note("usePTY", "programs get no terminal", "run it under `script -qec`, if it needs one")
    if old.attribute("sigtermTime") is not None:
        note("sigtermTime", "how a program is stopped isn't chosen by the step")
    if old.attribute("max_lines") is not None:
        note("max_lines", "the amount of output is limited in bytes, by the server")


def _differs(value: Value, usual: dict[str, int]) -> bool:
    return value is not None and entries(value) != usual


def refuse_own_run(old: OldStep) -> None:
    """A class of the user's that runs things its own way is read as far as that goes; what else it has is noted."""
    if not old.cls.of_user:
        return
    own_run.read(old)
    others = [each for each in old.cls.methods if not each.startswith("_") and each not in own_run.RUNS]
    if others:
        old.entry.note(
            f"class {old.cls.name}", f"of it only the values were taken, not what {', '.join(others)}() does"
        )
