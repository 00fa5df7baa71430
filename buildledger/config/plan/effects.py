"""What a difference does to what waits and runs at this moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from buildledger.config.plan.diff import Diff
from buildledger.config.plan.plan import Group, groups
from buildledger.config.resolved import Configuration
from buildledger.wording import plural


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What waits and runs."""

    waiting: Mapping[str, int] = {}
    """Requests that wait, by builder."""
    running: Mapping[str, int] = {}
    """Builds that run, by builder."""
    running_on: Mapping[str, int] = {}
    """Builds that run, by worker."""
    connected: Collection[str] = frozenset()
    """The workers that are connected."""


def effects(difference: Diff, old: Configuration | None, new: Configuration, standing: Standing) -> Iterator[str]:
    """A line for each thing that somebody would notice at once; what is only defined otherwise is in the plan.

    A build goes on with the configuration that it began with, whatever comes.
    """
    if old is None:
        return
    for group in groups(difference):
        match group.entries[0].kind:
            case "builder":
                yield from _builder(group, standing)
            case "worker":
                yield from _worker(group, old, new, standing)
            case "source":
                yield from _source(group, old, new)


def _builder(group: Group, standing: Standing) -> Iterator[str]:
    names = [entry.name for entry in group.entries]
    waiting = sum(standing.waiting.get(name, 0) for name in names)
    running = sum(standing.running.get(name, 0) for name in names)
    action = group.entries[0].action
    said = []
    if waiting and action == "removed":
        said.append(f"{plural(waiting, 'waiting request')} will be cancelled")
    elif waiting:
        said.append(f"{plural(waiting, 'waiting request')} will be built as it says then")
    if running:
        said.append(f"{_go_on(running)} as it began")
    if said:
        verb = {"removed": "removes", "changed": "changes", "created": "creates"}[action]
        yield f"{verb} {group.head}: {', '.join(said)}"


def _worker(group: Group, old: Configuration, new: Configuration, standing: Standing) -> Iterator[str]:
    name = group.entries[0].name
    before, after = old.workers.get(name), new.workers.get(name)
    running = standing.running_on.get(name, 0)
    if before is None or name not in standing.connected:
        return
    if before.start is not None and (after is None or after.start != before.start):
        again = ", to be started anew" if after is not None and after.start is not None else ""
        yield f"stops worker {name}{again}, {'once its builds have ended' if running else 'at once, for it is idle'}"
    elif after is None:
        while_running = f"; {_go_on(running)}" if running else ""
        yield f"gives worker {name}, which is connected, no builds any more{while_running}"
    elif after.capacity < running:
        yield f"lowers the capacity of worker {name} to {after.capacity}: {_go_on(running)}"


def _source(group: Group, old: Configuration, new: Configuration) -> Iterator[str]:
    name = group.entries[0].name
    before, after = old.sources.get(name), new.sources.get(name)
    if before is not None and after is None:
        yield f"polls source {name} no more; its commits stay known, and its mirror stays on disk"
    elif before is not None and after is not None and (before.kind, before.url) != (after.kind, after.url):
        yield f"reads source {name} from {after.url} from now on, not from {before.url}"


def _go_on(builds: int) -> str:
    return f"{plural(builds, 'running build')} {'goes' if builds == 1 else 'go'} on"
