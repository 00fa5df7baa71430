"""An API server that knows only what was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.elastic.kubernetes.exchange import Exchange, load
from tests.elastic.kubernetes.serving import Answer, Request, serving, write_kubeconfig

Key = tuple[str, str, str]


class Replay:
    """Answers each request as it was answered when it was recorded, in order; the last answer to a question stays.

    A request that wasn't recorded, or with another body, is answered 500 and noted in `surprises`.
    """

    kubeconfig = ""
    stranger = ""

    def __init__(self, name: str) -> None:
        self.surprises: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self._answers: defaultdict[Key, list[Exchange]] = defaultdict(list)
        for exchange in load(name).exchanges:
            self._answers[_key(exchange.method, exchange.path, exchange.sent)].append(exchange)

    def answer(self, asked: Request) -> Answer:
        """What was answered then."""
        self.asked.append((asked.method, asked.path.partition("?")[0]))
        known = self._answers.get(_key(asked.method, asked.path, asked.sent))
        if not known:
            self.surprises.append(f"{asked.method} {asked.path} {asked.sent}")
            return Answer(500, {"kind": "Status", "message": "this was not recorded"})
        exchange = known.pop(0) if len(known) > 1 else known[0]
        return Answer(exchange.status, exchange.answer)

    async def pod_is_there(self) -> None:
        """See `Stage`."""

    async def pod_is_bound(self) -> None:
        """See `Stage`."""

    async def pod_says(self, status: dict[str, Any]) -> None:
        """See `Stage`."""

    async def job_has_failed(self) -> None:
        """See `Stage`."""


def _key(method: str, path: str, sent: Any) -> Key:
    return method, path, "" if sent is None else repr(_sorted(sent))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


@contextmanager
def replay(name: str, directory: Path) -> Iterator[Replay]:
    """One that serves."""
    played = Replay(name)
    with serving(played.answer) as address:
        played.kubeconfig = write_kubeconfig(directory / "kubeconfig", address, "admin")
        played.stranger = write_kubeconfig(directory / "stranger", address, "stranger")
        yield played
