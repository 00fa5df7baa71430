"""Environment variables of builders and steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from buildledger.config.convert.buildbot import described, references, values
from buildledger.config.convert.buildbot.account import Entry, UnsayableError
from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.references import BUILD_DIRECTORY
from buildledger.config.convert.buildbot.shell_text import mentions_variables
from buildledger.config.convert.buildbot.site import entries

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]{0,63}")


@dataclass
class Environment:
    """Variables with values that the format can say, and those that need a shell to be put together."""

    env: dict[str, Any] = field(default_factory=dict)
    from_worker: dict[str, str] = field(default_factory=dict)
    """`PATH` → `/opt/bin:${PATH}`: only the worker knows what is in there."""


def convert(value: Value, context: BuildContext, entry: Entry) -> Environment:
    """All variables; what can't be said is left out and noted."""
    result = Environment()
    if value is not None and not isinstance(value, described.DictOf):
        why = (
            "its variables are in a property"
            if isinstance(value, described.PropertyOf)
            else values.unsayable(value).why
        )
        entry.miss("env", why, "name each variable in `env`, with its value")
    for name, each in entries(value).items():
        try:
            if _NAME.fullmatch(name) is None:
                raise UnsayableError("it is no name of an environment variable")
            _add(result, name, each, context, entry)
        except UnsayableError as error:
            entry.miss(f"env: {name}", error.why, error.instead or "set it in a script, or in the worker's environment")
    return result


def _add(result: Environment, name: str, value: Value, context: BuildContext, entry: Entry) -> None:
    match value:
        case None:
            result.env[name] = None
        case described.SecretOf(name=secret):
            result.env[name] = {"secret": context.site.secret(secret)}
        case described.Hidden():
            secret = context.site.secret(name.lower().replace("_", "-"))
            result.env[name] = {"secret": secret}
            entry.note(
                f"env: {name}",
                "its value stands in the old configuration and looks like a secret: it was not copied",
                f"keep it as the secret '{secret}'",
            )
        case described.Interpolate() if (only := _only_secret(value)) is not None:
            result.env[name] = {"secret": context.site.secret(only)}
        case described.ListOf(items=items):
            # Buildbot's worker joins lists with the separator of its system.
            _add(result, name, ":".join(str(item) for item in items), context, entry)
        case str() if mentions_variables(value):
            result.from_worker[name] = value
        case _:
            parts = values.parts(value, context)
            if BUILD_DIRECTORY in parts and all(isinstance(part, str) or part == BUILD_DIRECTORY for part in parts):
                result.from_worker[name] = "".join(part if isinstance(part, str) else "${PWD}" for part in parts)
            else:
                result.env[name] = references.node(parts)


def _only_secret(value: described.Interpolate) -> str | None:
    match = re.fullmatch(r"%\(secret:([\w.-]+)\)s", value.format)
    return match[1] if match else None
