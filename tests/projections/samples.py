"""What the histories of `World` name: ids, commits, and a configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

from buildledger.config.inputs import InputSpec
from buildledger.config.resolved import Builder, Configuration, Lock, ManualTrigger, Server, Source, Worker
from buildledger.config.secrets.settings import Secrets
from buildledger.config.steps.run import RunStep
from buildledger.events.ids import (
    NAMESPACE,
    ClaimId,
    ServerId,
    WordsId,
)
from tests.projections.running_build import SOURCE

REPOSITORY = "https://git.example/widget.git"
START = datetime(2026, 3, 1, tzinfo=UTC)
"""When `World` begins."""
SERVER = ServerId(uuid5(NAMESPACE, "test server"))


def claim(number: int) -> ClaimId:
    """The claim of one of the authors."""
    return ClaimId(uuid5(NAMESPACE, f"test claim {number}"))


def words(kind: str, key: object) -> WordsId:
    """Where a text would be in the vault."""
    return WordsId(uuid5(NAMESPACE, f"test words {kind} {key}"))


def revision(number: int) -> str:
    """A commit's id."""
    return f"{number:040x}"


def builder(name: str, *, description: str = "", **options: object) -> Builder:
    """A builder with one step."""
    step = RunStep(name="test", argv=("true",), env={})
    inputs = {
        "version": InputSpec(type="string", default="1", pattern="^[0-9.]+$"),
        "fast": InputSpec(type="boolean", default=False),
    }
    base, _, cell = name.partition("[")
    return Builder(
        name=name,
        base=base,
        matrix={"python": cell.rstrip("]")} if cell else {},
        description=description,
        inputs=inputs,
        properties={},
        steps=(step,),
        sources=(SOURCE,),
        **options,  # type: ignore[arg-type]
    )


def configuration(*names: str, title: str = "Tests", workers: tuple[str, ...] = ("w1", "w2")) -> Configuration:
    """A configuration with these builders."""
    return Configuration(
        server=Server(title=title),
        secrets=Secrets(),
        sources={SOURCE: Source(name=SOURCE, kind="git", url=REPOSITORY, default_branch="main")},
        workers={name: Worker(name=name, labels={"os": "linux"}, capacity=2) for name in workers},
        locks={"database": Lock(name="database")},
        builders={name: builder(name) for name in names},
        triggers={"by-hand": ManualTrigger(name="by-hand", build=names, inputs={})},
    )


def nowhere() -> UUID:
    """An id that names nothing."""
    return uuid5(NAMESPACE, "nothing")
