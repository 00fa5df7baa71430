"""What a difference does at once to requests that wait, builds that run, workers and sources."""

from __future__ import annotations

from buildledger.config.plan.diff import diff
from buildledger.config.plan.effects import Standing, effects
from tests.config.texts import loaded

TEXT = """\
version: 1
sources:
  widget: {git: "https://git.example/widget.git"}
  proto: {git: "https://git.example/proto.git"}
workers:
  fixed: {capacity: 4}
  elastic: {start: {driver: local, idle_timeout: 5m}}
builders:
  tests: {matrix: {axes: {os: [linux, windows]}}, steps: [{run: [make]}]}
  docs: {steps: [{run: [make, docs]}]}
"""
BUSY = Standing(
    waiting={"tests[linux]": 2, "tests[windows]": 1, "docs": 1},
    running={"tests[linux]": 1, "docs": 2},
    running_on={"fixed": 3},
    connected=frozenset({"fixed", "elastic"}),
)


def told(changed: str, standing: Standing = BUSY) -> list[str]:
    """The effects of changing the text to this one."""
    before, after = loaded(TEXT), loaded(changed)
    return list(effects(diff(before, after), before, after, standing))


def test_requests_and_builds_of_builders_that_change_or_go() -> None:
    """Waiting requests of a builder that goes are cancelled, others are built anew; what runs goes on. Cells count."""
    assert told(TEXT.replace("[make]", "[ninja]")) == [
        "changes builder tests: all 2 cells: 3 waiting requests will be built as it says then,"
        " 1 running build goes on as it began"
    ]
    assert told(TEXT.replace("  docs: {steps: [{run: [make, docs]}]}\n", "")) == [
        "removes builder docs: 1 waiting request will be cancelled, 2 running builds go on as it began"
    ]
    assert told(TEXT.replace("[make]", "[ninja]"), Standing()) == []
    assert told(TEXT.replace("docs", "manual").replace("[make, manual]", "[make, docs]"), Standing()) == []


def test_workers() -> None:
    """A machine is stopped, at once or when it is idle; a worker that goes gets nothing more; fewer places wait."""
    assert told(TEXT.replace("idle_timeout: 5m", "idle_timeout: 6m")) == [
        "stops worker elastic, to be started anew, at once, for it is idle"
    ]
    busy = Standing(running_on={"elastic": 1}, connected=frozenset({"elastic"}))
    assert told(TEXT.replace("  elastic: {start: {driver: local, idle_timeout: 5m}}\n", ""), busy) == [
        "stops worker elastic, once its builds have ended"
    ]
    assert told(TEXT.replace("  fixed: {capacity: 4}\n", "")) == [
        "gives worker fixed, which is connected, no builds any more; 3 running builds go on"
    ]
    assert told(TEXT.replace("capacity: 4", "capacity: 2")) == [
        "lowers the capacity of worker fixed to 2: 3 running builds go on"
    ]


def test_sources() -> None:
    """A source that goes keeps its commits and its mirror; one with another address is read from there."""
    assert told(TEXT.replace('  proto: {git: "https://git.example/proto.git"}\n', "")) == [
        "polls source proto no more; its commits stay known, and its mirror stays on disk"
    ]
    assert told(TEXT.replace("example/proto", "example/other")) == [
        "reads source proto from https://git.example/other.git from now on, not from https://git.example/proto.git"
    ]
