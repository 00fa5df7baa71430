"""Extremes through the doors: whatever is accepted can be read everywhere, and whatever isn't is refused clearly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from buildledger.domain.command import Command
from buildledger.domain.config import ApplyConfig
from buildledger.domain.refusals import Refusal
from buildledger.events.codec import decode
from buildledger.ledger.store import FactQuery
from buildledger.ledger.submission import Origin
from buildledger.projections.projector import Projector
from buildledger.projections.skipped import skipped_facts
from buildledger.projections.storage import PostgresViews, SqliteViews, ViewStorage
from buildledger.projections.views import Views
from tests.api.conftest import Site, inside
from tests.fakes.postgresql import postgresql_cluster
from tests.faults.extremes import extreme, in_json, in_struct
from tests.faults.loop import LoopOptions, LoopOutcome
from tests.projections.world import World

KINDS = ("unclear", "unreadable", "unseen", "standing still")
LOOK = 100
"""After so many it is looked whether everybody has read everything."""
REQUESTS = 3
"""Of the API for each act of the world, which makes a handful of commands."""


def through_commands_and_api(options: LoopOptions) -> LoopOutcome:
    """Half of them over a ledger on SQLite, half over one on PostgreSQL; each is read into views on both."""
    outcome, half = LoopOutcome(), options.count // 2
    with postgresql_cluster() as cluster, cluster.database() as ledger_url, cluster.database() as views_url:
        for number, url in enumerate((None, ledger_url)):
            directory = options.directory / str(number)
            directory.mkdir()
            with cluster.database() as beside:
                run(directory, url, (views_url, beside)[number], half, options.seed + number, outcome)
            options.say(f"{outcome.done:,} of {options.count:,}")
    outcome.note = "commands and requests, on SQLite and PostgreSQL"
    return outcome


def run(
    directory: Path, url: str | None, postgresql_url: str | None, count: int, seed: int, outcome: LoopOutcome
) -> None:
    """So many extremes over one ledger, with views in a directory and perhaps in PostgreSQL."""
    random = Random(seed)
    with ExitStack() as stack:
        storages: list[ViewStorage] = [] if postgresql_url is None else [PostgresViews(postgresql_url)]
        site = stack.enter_context(inside(directory, url, SqliteViews(directory / "shown"), seed))
        readers = []
        for storage in storages:
            views = Views(storage)
            stack.callback(views.close)
            readers.append(Projector(site.ledger, views))
        _Run(site, readers, random, outcome).run(outcome.done + count)


class _Run:
    """One ledger, harmed through commands and through the API."""

    def __init__(self, site: Site, readers: Sequence[Projector], random: Random, outcome: LoopOutcome) -> None:
        self._site = site
        self._readers = readers
        self._random = random
        self._outcome = outcome
        self._read = 0
        self._known_skips: set[int] = set()
        self._plain = site.ledger.execute_blocking
        site.world.execute = self._execute  # type: ignore[method-assign]

    def run(self, until: int) -> None:
        """Go on until so many extremes were tried."""
        looked = self._outcome.done
        while self._outcome.done < until:
            self._act(self._site.world)
            asyncio.run(self._ask())
            if self._outcome.done - looked >= LOOK:
                looked = self._outcome.done
                self._look()
        self._look()

    def _act(self, world: World) -> None:
        try:
            world.act(1)
        except (Refusal, KeyError, IndexError):
            # what the world believes isn't so any more, since an extreme was accepted before it
            world.waiting.clear()
            world.running.clear()

    def _execute(self, *commands: Command, actor: str = "system") -> int:
        """In the world's place: with an extreme first, and then as it was meant."""
        self._site.world.clock.advance(1)
        if any(isinstance(command, ApplyConfig) for command in commands):
            # its text is one that has been read; which ones can be is the business of the configuration's own tests
            return self._plain(*commands, origin=Origin(actor=actor)).position
        harmed = list(commands)
        place = self._random.randrange(len(harmed))
        harmed[place] = in_struct(harmed[place], self._random)
        origin = Origin(actor=extreme(actor, self._random) if self._random.random() < 0.05 else actor)
        self._outcome.done += 1
        try:
            return self._plain(*harmed, origin=origin).position
        except Refusal:
            pass
        except Exception as error:
            self._outcome.add("unclear", f"{type(error).__name__}: {error} for {harmed[place]!r:.300}")
        return self._plain(*commands, origin=Origin(actor=actor)).position

    async def _ask(self) -> None:
        async with self._site.client() as client:
            for _ in range(REQUESTS):
                verb, path, body = self._request()
                self._outcome.done += 1
                content = None if body is None else json.dumps(body)
                try:
                    answer = await client.request(
                        verb, f"/api/v1/{path}", content=content, headers={"Content-Type": "application/json"}
                    )
                except Exception as error:
                    self._outcome.add("unclear", f"{type(error).__name__} for {verb} {path:.200} {content!s:.200}")
                    continue
                if answer.status_code >= 500 or (answer.is_error and "code" not in answer.json()):
                    self._outcome.add("unclear", f"{answer.status_code} for {verb} {path:.200} {content!s:.200}")

    def _request(self) -> tuple[str, str, Any]:
        """A request of the API with one extreme in it."""
        random, world = self._random, self._site.world
        request = str(world.waiting[0][0]) if world.waiting else "0" * 32
        build = str(next(iter(world.running), "0" * 32))
        commit = {
            "revision": f"{random.getrandbits(160):040x}",
            "parents": [],
            "author": "Ada <ada@example.org>",
            "committed_at": "2026-01-02T03:04:05Z",
            "message": "Mend it",
            "files": ["a.c"],
        }
        commands: list[tuple[str, Any]] = [
            ("sources/widget/changes", {"branch": "topic", "commits": [commit]}),
            ("builders/lint/force", {"branch": "main", "reason": "x", "priority": 1, "inputs": {"version": "1"}}),
            (f"requests/{request}/priority", {"priority": 5}),
            (f"requests/{request}/cancel", {"reason": "x"}),
            (f"builds/{build}/stop", {"reason": "x"}),
            (f"builds/{build}/rebuild", {"reason": "x", "priority": 1, "obtained": True}),
            ("workers/w1/pause", {"reason": "x"}),
            ("enrollment-tokens", {"worker": "w1", "life_seconds": 60}),
            ("config", {"text": "{}", "origin": "x", "expected_revision": 1}),
            ("session", {"token": "x" * 20}),
        ]
        if random.random() < 0.7:
            path, body = random.choice(commands)
            return "POST", path, in_json(body, random)
        read = random.choice(("builds?builder=", "changes?branch=", "requests?builder=", "facts?after=", "home?as_of="))
        value = str(extreme(random.choice(("x", 1)), random))[:3_000]
        return "GET", read + quote(value, safe="", errors="replace"), None

    def _look(self) -> None:
        """Whether every fact can be decoded, and every reader has all of them."""
        ledger, outcome = self._site.ledger, self._outcome
        while batch := ledger.store.select_facts(FactQuery(after=self._read), 1_000):
            for stored in batch:
                self._read = stored.position
                try:
                    decode(stored.name, stored.body)
                except ValueError as error:
                    outcome.add("unreadable", f"position {stored.position}, {stored.name}: {error}")
        for projector in self._readers:
            projector.catch_up()
        self._site.settle()
        shown = self._site.deps.projector
        assert shown is not None
        for reader in (shown, *self._readers):
            for state in reader.states():
                if state.error is not None or state.position < self._read:
                    outcome.add("standing still", f"{state.name} at {state.position}: {state.error}")
        for reader_name, facts in skipped_facts(ledger).items():
            for fact in facts:
                if fact.position not in self._known_skips:
                    self._known_skips.add(fact.position)
                    outcome.add("unseen", f"{reader_name}: position {fact.position}, {fact.fact}: {fact.reason}")
