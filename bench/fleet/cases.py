"""5,000 workers on one server: what they cost while nothing happens, and what happens when it is killed."""

from __future__ import annotations

import time
from pathlib import Path

from bench import processes
from bench.case import Case, Measure, Samples
from bench.fleet.system import Fleet

WORKERS = 5_000
RUNS_HELD = 200
CONNECT_SECONDS = 300.0
SETTLE_SECONDS = 15.0
"""Until first heartbeats and the writing down of 5,000 connections are over."""
IDLE_SECONDS = 60.0
PER_THOUSAND = WORKERS / 1000


def idle_workers(folder: Path) -> Samples:
    """Let all connect, then watch the server for a minute of heartbeats."""
    fleet = Fleet(folder, WORKERS)
    try:
        fleet.wait("the first session", lambda: fleet["sessions"] > 0, CONNECT_SECONDS)
        began = time.monotonic()
        fleet.wait("all workers", fleet.all_connected, CONNECT_SECONDS)
        connected = time.monotonic() - began
        time.sleep(SETTLE_SECONDS)
        pid = fleet.server.server_pid
        cpu, beats, began = processes.cpu_seconds(pid), fleet["beats"], time.monotonic()
        time.sleep(IDLE_SECONDS)
        wall = time.monotonic() - began
        cpu, beats = processes.cpu_seconds(pid) - cpu, fleet["beats"] - beats
        if not fleet.all_connected() or fleet["sessions"] != WORKERS:
            raise RuntimeError("workers lost their sessions while nothing happened: nothing measured counts")
        grown = processes.memory_bytes(pid) - fleet.memory_before_bytes
        return {
            "idle_worker_memory_kib": grown / WORKERS / 1024,
            "idle_1000_workers_cpu_percent": 100 * cpu / wall / PER_THOUSAND,
            "idle_heartbeat_cpu_us": 1e6 * cpu / beats,
            "connect_5000_seconds": connected,
        }
    finally:
        fleet.stop()


def reconnect_storm(folder: Path) -> Samples:
    """Kill the server while workers hold runs, start it again, and wait until each has its session back."""
    fleet = Fleet(folder, WORKERS)
    try:
        fleet.wait("all workers", fleet.all_connected, CONNECT_SECONDS)
        for number in range(RUNS_HELD):
            fleet.server.submit_change(number)
        fleet.wait("the runs", lambda: fleet["runs"] == RUNS_HELD, CONNECT_SECONDS)
        sessions = fleet["sessions"]
        fleet.server.kill_server()
        fleet.wait("the end of all sessions", lambda: fleet["connected"] == 0, CONNECT_SECONDS)
        began = time.monotonic()
        fleet.server.start_server()
        ready = time.monotonic() - began
        fleet.wait("all workers", fleet.all_connected, CONNECT_SECONDS)
        settled = time.monotonic() - began
        again = fleet["sessions"] - sessions
        fleet.end_runs()
        processes.wait_until(
            "the builds", lambda: fleet.server.finished_builds() >= RUNS_HELD, CONNECT_SECONDS, poll_seconds=0.5
        )
        return {
            "reconnect_5000_seconds": settled,
            "reconnect_server_ready_seconds": ready,
            "reconnect_sessions_per_worker": again / WORKERS,
            "reconnect_lost_runs": float(fleet["lost"] + fleet.server.failed_builds()),
        }
    finally:
        fleet.stop()


CASES = (
    Case(
        name="idle_workers",
        ours=idle_workers,
        peer=None,
        figures={
            "idle_worker_memory_kib": Measure(unit="KiB", target=60),
            "idle_1000_workers_cpu_percent": Measure(unit="% of a core", target=1),
            "idle_heartbeat_cpu_us": Measure(unit="µs"),
            "connect_5000_seconds": Measure(unit="s"),
        },
        runs_max=1,
    ),
    Case(
        name="reconnect_storm",
        ours=reconnect_storm,
        peer=None,
        figures={
            "reconnect_5000_seconds": Measure(unit="s", target=60),
            "reconnect_server_ready_seconds": Measure(unit="s"),
            "reconnect_sessions_per_worker": Measure(unit="sessions"),
            "reconnect_lost_runs": Measure(unit="runs", target=0),
        },
        runs_max=1,
    ),
)
