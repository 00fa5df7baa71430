"""The cases: each runs one system once and gives its figures by name."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.system import Setup, System

Samples = dict[str, float]
"""Figure name → value of one run."""

BUILD_TIMEOUT_SECONDS = 300.0
LATENCY_CHANGES = 40
LATENCY_WARM_UP = 3
LOG_MEGABYTES = 100
LINE_BYTES = 80


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is set up, what is done, and which figures come of it."""

    name: str
    setup: Setup
    run: Callable[[System, Path], Samples]
    figures: dict[str, tuple[str, bool]]
    """Figure name → (unit, whether higher is better)."""


def trivial_builds(system: System, folder: Path) -> Samples:
    """All changes at once, then wait for the last build; Buildbot gets fewer, so that a run takes half a minute."""
    changes = 13 if system.name == "buildbot" else 125
    builds = changes * TRIVIAL.builders
    cpu, began = processes.cpu_seconds(system.server_pid), time.monotonic()
    for number in range(changes):
        system.submit_change(number)
    _wait_for_builds(system, builds, poll_seconds=0.5)
    wall = time.monotonic() - began
    cpu = processes.cpu_seconds(system.server_pid) - cpu
    _must_have_succeeded(system)
    return {"trivial_builds_per_second": builds / wall, "server_cpu_ms_per_build": cpu * 1000 / builds}


def change_latency(system: System, folder: Path) -> Samples:
    """One change at a time on an idle server: from before the request to the step's own clock."""
    stamps = folder / "stamps"
    latencies: list[float] = []
    for number in range(LATENCY_WARM_UP + LATENCY_CHANGES):
        began = time.time_ns()
        system.submit_change(number)
        _wait_for_lines(stamps, number + 1)
        if number >= LATENCY_WARM_UP:
            latencies.append((int(stamps.read_text().split()[number]) - began) / 1e6)
        _wait_for_builds(system, number + 1, poll_seconds=0.1)
    latencies.sort()
    p99 = latencies[min(len(latencies) - 1, round(len(latencies) * 0.99))]
    return {"change_to_start_p50_ms": statistics.median(latencies), "change_to_start_p99_ms": p99}


def big_log(system: System, folder: Path) -> Samples:
    """One step prints 100 MB of lines that differ; until the build is complete. Then the log is fetched."""
    cpu, began = processes.cpu_seconds(system.server_pid), time.monotonic()
    system.submit_change(0)
    _wait_for_builds(system, 1, poll_seconds=0.05)
    wall = time.monotonic() - began
    cpu = processes.cpu_seconds(system.server_pid) - cpu
    memory = processes.peak_memory_mib(system.server_pid)
    _must_have_succeeded(system)
    began = time.monotonic()
    size = system.fetch_last_log()
    fetch = time.monotonic() - began
    if size < LOG_MEGABYTES * 1_000_000:
        raise RuntimeError(f"{system.name} gave back {size} bytes of a log of {LOG_MEGABYTES} MB")
    return {
        "log_100mb_mb_per_second": LOG_MEGABYTES / wall,
        "log_server_cpu_ms_per_mb": cpu * 1000 / LOG_MEGABYTES,
        "log_server_peak_mib": memory,
        "log_100mb_fetch_seconds": fetch,
    }


def _wait_for_builds(system: System, count: int, poll_seconds: float) -> None:
    processes.wait_until(
        f"{count} builds", lambda: system.finished_builds() >= count, BUILD_TIMEOUT_SECONDS, poll_seconds
    )


def _wait_for_lines(path: Path, count: int) -> None:
    processes.wait_until(f"line {count} of {path}", lambda: _lines(path) >= count, 60.0, poll_seconds=0.002)


def _must_have_succeeded(system: System) -> None:
    if failed := system.failed_builds():
        raise RuntimeError(f"{failed} builds of {system.name} failed: nothing measured counts")


def _lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


def varied_lines(target: Path) -> None:
    """A file of 100 MB whose lines of 80 bytes are all different."""
    words = [
        "compiling",
        "linking",
        "test",
        "passed",
        "failed",
        "warning",
        "error",
        "module",
        "util",
        "parser",
        "lexer",
        "cache",
        "core",
        "net",
        "io",
    ]
    with target.open("w") as sink:
        for number in range(LOG_MEGABYTES * 1_000_000 // LINE_BYTES):
            text = " ".join(words[(number * step + step) % len(words)] for step in (1, 3, 5, 7, 11, 13))
            sink.write(
                f"[{number:9d}] {text}"[: LINE_BYTES - 11].ljust(LINE_BYTES - 11)
                + f" {number * 2654435761 % 2**32:08x} \n"
            )


TRIVIAL = Setup(builders=8, command=("true",), workers=1, capacity=8)


def cases(folder: Path) -> tuple[Case, ...]:
    """All cases, working below `folder`."""
    stamp = f"date +%s%N >> {folder}/stamps"
    return (
        Case(
            name="trivial",
            setup=TRIVIAL,
            run=trivial_builds,
            figures={"trivial_builds_per_second": ("1/s", True), "server_cpu_ms_per_build": ("ms", False)},
        ),
        Case(
            name="latency",
            setup=Setup(builders=1, command=("sh", "-c", stamp), workers=1, capacity=1),
            run=change_latency,
            figures={"change_to_start_p50_ms": ("ms", False), "change_to_start_p99_ms": ("ms", False)},
        ),
        Case(
            name="log",
            setup=Setup(builders=1, command=("cat", f"{folder}/varied.txt"), workers=1, capacity=1),
            run=big_log,
            figures={
                "log_100mb_mb_per_second": ("MB/s", True),
                "log_server_cpu_ms_per_mb": ("ms/MB", False),
                "log_server_peak_mib": ("MiB", False),
                "log_100mb_fetch_seconds": ("s", False),
            },
        ),
    )
