"""Steps whose classes make up the command when they run: it is made up here, from the same attributes."""

from __future__ import annotations

from buildledger.config.convert.buildbot import described, values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import DictOf, ListOf, Value
from buildledger.config.convert.buildbot.site import entries, items
from buildledger.config.convert.buildbot.steps import shell, windows
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep, below_build, common, timeout
from buildledger.config.paths import fault as path_fault


def cmake(old: OldStep) -> list[Keys]:
    """`CMake`."""
    argv: list[Value] = [old.attribute("cmake", "cmake")]
    if (generator := old.attribute("generator")) is not None:
        argv += ["-G", generator]
    definitions, options = old.attribute("definitions"), old.attribute("options")
    for value, kind in ((definitions, DictOf), (options, ListOf)):
        if value is not None and not isinstance(value, kind):
            raise UnsayableError("its definitions or options are made when it runs", "write the command as `run`")
    argv += [_joined(f"-D{name}=", value) for name, value in entries(definitions).items()]
    argv += items(options)
    if (path := old.attribute("path")) is not None:
        argv.append(path)
    return shell.of_command(old, ListOf(argv))


def trial(old: OldStep) -> list[Keys]:
    """`Trial`."""
    if old.attribute("testChanges") is True:
        raise UnsayableError("it tests the files that were changed", "name the tests, or have a script choose them")
    argv: list[Value] = [*items(old.attribute("python")), old.attribute("trial"), *items(old.attribute("trialMode"))]
    argv += ["--recurse"] if old.attribute("recurse") is True else []
    if isinstance(reactor := old.attribute("reactor"), str):
        argv.append(f"--reactor={reactor}")
    argv += ["--random=0"] if old.attribute("randomly") is True else []
    argv += items(old.attribute("trialArgs"))
    if (jobs := old.attribute("jobs")) is not None:
        argv.append(_joined("--jobs=", jobs))
    argv += items(old.attribute("tests"))
    steps = shell.of_command(old, ListOf(argv))
    if isinstance(path := old.attribute("testpath"), str):
        steps[0].setdefault("env", {}).setdefault("PYTHONPATH", path)
    return steps


def sequence(old: OldStep) -> list[Keys]:
    """`ShellSequence`: each of its commands is a step."""
    made: list[Keys] = []
    for argument in items(old.attribute("commands")):
        if not isinstance(argument, described.Thing):
            raise UnsayableError("its commands are made when it runs", "write each as a step of its own")
        made += _of_sequence(old, argument)
    if not made:
        raise UnsayableError("it has no commands", "take it out")
    return made


def _of_sequence(old: OldStep, argument: described.Thing) -> list[Keys]:
    steps = shell.of_command(old, argument.attributes.get("command"))
    halt, flunk = argument.attributes.get("haltOnFailure"), argument.attributes.get("flunkOnFailure", True)
    steps[0].pop("on_failure", None)
    flunk = flunk is not False and old.attribute("flunkOnFailure", True) is not False
    if (halt is True) != (old.attribute("haltOnFailure") is True):
        old.entry.note(
            "haltOnFailure",
            "a command that halts ended the sequence, and that the build: here each command is a step of its own",
            "look at the `on_failure` of each",
        )
    if halt is not True:
        steps[0]["on_failure"] = "continue" if flunk else "ignore"
    if isinstance(name := argument.attributes.get("logname"), str):
        steps[0]["name"] = name
    return steps


def make_directory(old: OldStep) -> list[Keys]:
    """`MakeDirectory`."""
    path = _path(old, "dir")
    if isinstance(path, str):
        old.context.directories.add(path)
    return [common(old) | windows.make_directory(path, old.context.is_windows)]


def remove_directory(old: OldStep) -> list[Keys]:
    """`RemoveDirectory`."""
    if _is_whole(old, "dir"):
        old.entry.note("dir", "it is the build's whole directory, which stays: what is in it is removed")
        return [common(old) | windows.empty(old.context.is_windows)]
    return [common(old) | windows.remove_directory(_path(old, "dir"), old.context.is_windows)]


def copy_directory(old: OldStep) -> list[Keys]:
    """`CopyDirectory`."""
    return [
        common(old)
        | windows.copy_directory(_path(old, "src"), _path(old, "dest"), old.context.is_windows)
        | timeout(old)
    ]


def file_exists(old: OldStep) -> list[Keys]:
    """`FileExists`."""
    return [common(old) | windows.file_exists(_path(old, "file"), old.context.is_windows)]


def _is_whole(old: OldStep, name: str) -> bool:
    """Whether a path is the build's directory itself, or what Buildbot had around that."""
    said, is_below = values.path(old.attribute(name), old.context)
    return said == "." if is_below else said in (".", old.context.base)


def _path(old: OldStep, name: str) -> object:
    """A path that counts from the builder's directory."""
    said, is_below = values.path(old.attribute(name), old.context)
    if isinstance(said, str) and is_below:
        if said == "." or path_fault(said) is not None:
            raise UnsayableError(f"its {name} is the build's whole directory", "a checkout with `mode: full` clears it")
        return said
    if not isinstance(said, str):
        old.entry.note(
            name, f"it has to be a path below the build's directory, without '{old.context.base}/' before it"
        )
        return said
    path = below_build(old, said)
    if path == ".":
        raise UnsayableError(f"its {name} is the build's whole directory", "a checkout with `mode: full` clears it")
    return path


def _joined(before: str, value: Value) -> Value:
    """A text before a value, in one argument."""
    if isinstance(value, bool | int | float | str):
        return f"{before}{value}"
    return described.Operator(before, "+", value)
