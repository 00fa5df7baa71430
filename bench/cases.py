"""The cases that both systems do: each runs one system once and gives its figures by name."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench import processes
from bench.buildbot.system import Buildbot
from bench.case import Case, Measure, Samples, Trial
from bench.ours import BuildLedger
from bench.system import Setup, System

RUNS = 3
STAMPS, VARIED = "stamps", "varied.txt"
"""Files below the folder of a run: what steps write the time to, and what they print."""

BUILD_TIMEOUT_SECONDS = 900.0
LATENCY_CHANGES = 40
LATENCY_WARM_UP = 3
LOG_MEGABYTES = 100
STREAM_REPEATS = 10
"""How often `worker_stream` prints the file of 100 MB."""
LINE_BYTES = 80


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
    stamps = folder / STAMPS
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


def worker_stream(system: BuildLedger) -> Samples:
    """One step prints 1 GB through the Go worker; until the build is complete, so that all of it is durable."""
    cpu, worker_cpu = processes.cpu_seconds(system.server_pid), system.worker_cpu_seconds()
    began = time.monotonic()
    system.submit_change(0)
    _wait_for_builds(system, 1, poll_seconds=0.2)
    wall = time.monotonic() - began
    cpu, worker_cpu = processes.cpu_seconds(system.server_pid) - cpu, system.worker_cpu_seconds() - worker_cpu
    _must_have_succeeded(system)
    megabytes = STREAM_REPEATS * LOG_MEGABYTES
    size = system.last_log_bytes()
    if size != megabytes * 1_000_000:
        raise RuntimeError(f"{size} bytes were kept of {megabytes} MB")
    return {
        "worker_stream_mb_per_second": megabytes / wall,
        "worker_stream_server_cpu_ms_per_mb": cpu * 1000 / megabytes,
        "worker_stream_worker_cpu_ms_per_mb": worker_cpu * 1000 / megabytes,
        "worker_stream_server_peak_mib": processes.peak_memory_mib(system.server_pid),
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


Running = TypeVar("Running", bound=System)

TRIVIAL = Setup(builders=8, command=("true",), workers=1, capacity=8)


def cases(folder: Path, binaries: Path) -> tuple[Case, ...]:
    """Those that Buildbot, installed at `binaries`, does too; everything is below `folder`."""
    latency = Setup(builders=1, command=("sh", "-c", f"date +%s%N >> {folder}/{STAMPS}"), workers=1, capacity=1)
    varied = f"{folder}/{VARIED}"
    log = Setup(builders=1, command=("cat", varied), workers=1, capacity=1)
    stream = Setup(builders=1, command=("cat", *[varied] * STREAM_REPEATS), workers=1, capacity=1, worker="go")
    buildbot_log = _buildbot(binaries, log, big_log)
    return (
        Case(
            name="trivial",
            ours=_ours(TRIVIAL, trivial_builds),
            peer=_buildbot(binaries, TRIVIAL, trivial_builds),
            figures={
                "trivial_builds_per_second": Measure(unit="1/s", higher_is_better=True),
                "server_cpu_ms_per_build": Measure(unit="ms"),
            },
        ),
        Case(
            name="latency",
            ours=_ours(latency, change_latency),
            peer=_buildbot(binaries, latency, change_latency),
            figures={"change_to_start_p50_ms": Measure(unit="ms"), "change_to_start_p99_ms": Measure(unit="ms")},
        ),
        Case(
            name="log",
            ours=_ours(log, big_log),
            peer=buildbot_log,
            figures={
                "log_100mb_mb_per_second": Measure(unit="MB/s", higher_is_better=True),
                "log_server_cpu_ms_per_mb": Measure(unit="ms/MB"),
                "log_server_peak_mib": Measure(unit="MiB"),
                "log_100mb_fetch_seconds": Measure(unit="s"),
            },
        ),
        Case(
            name="worker_stream",
            ours=lambda below: _with(BuildLedger(below / "ours", stream), worker_stream),
            peer=buildbot_log,
            figures={
                "worker_stream_mb_per_second": Measure(
                    unit="MB/s", higher_is_better=True, target=200, peer="log_100mb_mb_per_second"
                ),
                "worker_stream_server_cpu_ms_per_mb": Measure(unit="ms/MB", peer="log_server_cpu_ms_per_mb"),
                "worker_stream_worker_cpu_ms_per_mb": Measure(unit="ms/MB"),
                "worker_stream_server_peak_mib": Measure(unit="MiB", peer="log_server_peak_mib"),
            },
        ),
    )


def _ours(setup: Setup, run: Callable[[System, Path], Samples]) -> Trial:
    return lambda folder: _with(BuildLedger(folder / "ours", setup), lambda system: run(system, folder))


def _buildbot(binaries: Path, setup: Setup, run: Callable[[System, Path], Samples]) -> Trial:
    return lambda folder: _with(Buildbot(binaries, folder / "peer", setup), lambda system: run(system, folder))


def _with(system: Running, run: Callable[[Running], Samples]) -> Samples:
    try:
        return run(system)
    finally:
        system.stop()
