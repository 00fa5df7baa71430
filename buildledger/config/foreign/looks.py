"""How the files of other systems look: each function tells whether a mapping is one, or finds its jobs in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from buildledger.config.foreign import writing


def _entries(value: Any) -> list[Any]:
    """What stands in a list or a mapping."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _some(value: Any, *keys: str) -> bool:
    """Whether an entry of a list or a mapping is a mapping with one of these keys."""
    return any(isinstance(each, dict) and any(key in each for key in keys) for each in _entries(value))


def github(data: dict[str, Any]) -> bool:
    """Jobs, and events or runners."""
    return isinstance(data.get("jobs"), dict) and ("on" in data or _some(data["jobs"], "runs-on"))


def circle(data: dict[str, Any]) -> bool:
    """Its version, and one of its sections."""
    version = str(getattr(data.get("version"), "source", data.get("version")))
    return version in ("2", "2.0", "2.1") and bool({"jobs", "workflows", "orbs", "setup"} & data.keys())


def gitlab(data: dict[str, Any]) -> bool:
    """Jobs at the top, with scripts or stages."""
    jobs = {key: value for key, value in data.items() if isinstance(value, dict)}
    return "steps" not in data and (_some(jobs, "script", "extends") or _some(jobs, "stage"))


def gitlab_jobs(data: dict[str, Any]) -> list[str]:
    """What at the top isn't a setting of all jobs."""
    known = {"variables", "default", "workflow", "cache", "include"}
    return [name for name, value in data.items() if isinstance(value, dict) and name not in known and name[:1] != "."]


def drone(data: dict[str, Any]) -> bool:
    """It says its kind."""
    return data.get("kind") in ("pipeline", "secret", "cron", "signature", "template")


def woodpecker(data: dict[str, Any]) -> bool:
    """Steps that have images."""
    return any(_some(data.get(key), "image") for key in ("steps", "pipeline"))


def azure(data: dict[str, Any]) -> bool:
    """Lists whose entries are named by what they are."""
    own = {"pool", "trigger", "pr", "resources", "variables"} & data.keys()
    parts = [("stages", ("stage",)), ("jobs", ("job", "deployment")), ("steps", ("task", "bash", "powershell", "pwsh"))]
    steps = _some(data.get("steps"), "script", "template") and bool(own)
    return steps or any(isinstance(data.get(key), list) and _some(data[key], *names) for key, names in parts)


def azure_jobs(data: dict[str, Any]) -> list[str]:
    """Jobs of the file and of its stages."""
    jobs = [
        each
        for stage in _entries(data.get("stages"))
        if isinstance(stage, dict)
        for each in _entries(stage.get("jobs"))
    ]
    return writing.names_of([*jobs, *_entries(data.get("jobs"))])


def buildkite(data: dict[str, Any]) -> bool:
    """A list of steps with commands."""
    steps = data.get("steps")
    return isinstance(steps, list) and (
        _some(steps, "command", "commands", "label", "block", "plugins") or "wait" in steps
    )


def buildkite_jobs(data: dict[str, Any]) -> list[str]:
    """Steps that run something."""
    steps = [each for each in _entries(data.get("steps")) if isinstance(each, dict)]
    return [
        next(str(step[key]) for key in ("key", "label", "command") if key in step)
        for step in steps
        if {"key", "label", "command"} & step.keys()
    ]


def travis(data: dict[str, Any]) -> bool:
    """A language, or scripts beside a system."""
    return "language" in data or bool(
        {"script", "install"} & data.keys() and {"os", "dist", "before_install", "matrix"} & data.keys()
    )


def named(*keys: str) -> Callable[[dict[str, Any]], list[str]]:
    """Jobs that are the entries of these sections."""
    return lambda data: [name for key in keys for name in writing.names_of(data.get(key))]
