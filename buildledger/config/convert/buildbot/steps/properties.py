"""Steps that set properties."""

from __future__ import annotations

from buildledger.config.convert.buildbot import described
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.site import entries, items
from buildledger.config.convert.buildbot.steps import shell
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep, common, directory, timeout
from buildledger.config.convert.buildbot.values import text


def set_property(old: OldStep) -> list[Keys]:
    """`SetProperty`."""
    name = old.text("property")
    if name is None:
        raise UnsayableError("the name of its property is made when it runs", "write the name")
    return [_set(old, name, old.attribute("value"))]


def set_properties(old: OldStep) -> list[Keys]:
    """`SetProperties`: a step for each."""
    properties = old.attribute("properties")
    if not isinstance(properties, described.DictOf):
        raise UnsayableError(
            "its properties are made by a function", "write them as `set_property` steps with expressions"
        )
    return [_set(old, name, value) for name, value in entries(properties).items()]


def _set(old: OldStep, name: str, value: Value) -> Keys:
    if isinstance(value, bool):
        said: object = value
    elif value is None:
        said = ""
    else:
        said = text(value, old.context)
    keys = common(old) | {"set_property": old.context.set_property(name), "value": said}
    keys.pop("name", None)
    return keys


def from_command(old: OldStep) -> list[Keys]:
    """`SetPropertyFromCommand`."""
    name, command = old.text("property"), old.attribute("command")
    if name is None:
        raise UnsayableError(
            "a function (extract_fn) reads the properties out of the output",
            "have the command write one value, and add a `set_property` with `run` for each",
        )
    made = shell.program(old, command, shell.environment_of(old))
    if "script" in made:
        shell_of = ["cmd", "/c"] if old.context.is_windows else ["sh", "-c"]
        made = {"run": [*shell_of, made.pop("script")], **made}
    if old.attribute("strip", default=True) is False:
        old.entry.note("strip", "white space around the value is always taken away")
    if old.attribute("includeStderr", default=False) is True:
        old.entry.note("includeStderr", "standard output alone becomes the value", "send the one to the other: 2>&1")
    keys = common(old) | {"set_property": old.context.set_property(name)} | made | directory(old) | timeout(old)
    shell.remark_outside(old, keys)
    return [keys]


def from_env(old: OldStep) -> list[Keys]:
    """`SetPropertiesFromEnv`: the variables of the worker's process."""
    names = [name for name in items(old.attribute("variables")) if isinstance(name, str)]
    if not names:
        raise UnsayableError("its variables are made when it runs")
    return [
        common(old)
        | {"name": f"read {name}", "set_property": old.context.set_property(name)}
        | {"run": ["cmd", "/c", f"echo %{name}%"] if old.context.is_windows else ["sh", "-c", f'printf %s "${name}"']}
        for name in names
    ]
