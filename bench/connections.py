"""What happens to sessions when the network fails: cut, and come back; or silent without being cut."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

from bench import processes
from bench.case import Case, Measure, Samples
from bench.ours import BuildLedger
from bench.proxy import Proxy
from bench.system import Setup

FROZEN_WORKERS = 4
FROZEN_SECONDS = 120.0
FIRST_BEATS_SECONDS = 12.0

CUTS = 20
OUTAGE_SECONDS = (1.0, 5.0)
"""How long the network is away: uniformly between these."""
FLOWING_SECONDS = (0.3, 1.5)
RESUMED_SECONDS = 60.0
LINES = "i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); echo line $i; sleep 0.01; done"
SEED = 7


def half_open(folder: Path) -> Samples:
    """Connect workers through proxies, let them beat, then pass nothing on: when does each side say so?

    The workers' first heartbeats are at different times, so the freeze meets each at another moment of its interval.
    """
    setup = Setup(builders=1, command=("true",), workers=FROZEN_WORKERS, capacity=1, worker="go")
    proxies: list[Proxy] = []

    def through(address: str) -> str:
        proxies.append(Proxy(address))
        return proxies[-1].address

    system = BuildLedger(folder / "ours", setup, through)
    try:
        time.sleep(FIRST_BEATS_SECONDS)
        asked_before = [len(proxy.accepted) for proxy in proxies]
        frozen = [proxy.freeze() for proxy in proxies]
        server_noticed: dict[str, float] = {}

        def all_noticed() -> bool:
            now = time.monotonic()
            for name, status in system.worker_status().items():
                if status != "connected":
                    server_noticed.setdefault(name, now)
            asked = [len(proxy.accepted) > before for proxy, before in zip(proxies, asked_before, strict=True)]
            return len(server_noticed) == FROZEN_WORKERS and all(asked)

        processes.wait_until("both sides to notice", all_noticed, FROZEN_SECONDS, poll_seconds=0.2)
        worker_noticed = [proxy.accepted[before] for proxy, before in zip(proxies, asked_before, strict=True)]
        return {
            "half_open_server_seconds": max(server_noticed.values()) - frozen[0],
            "half_open_worker_seconds": max(
                noticed - began for noticed, began in zip(worker_noticed, frozen, strict=True)
            ),
        }
    finally:
        for proxy in proxies:
            proxy.stop()
        system.stop()


def resume(folder: Path) -> Samples:
    """Cut the connection in the middle of a step's output, again and again: from the network's return to output."""
    setup = Setup(builders=1, command=("sh", "-c", LINES), workers=1, capacity=1, worker="go")
    proxies: list[Proxy] = []

    def through(address: str) -> str:
        proxies.append(Proxy(address))
        return proxies[-1].address

    system = BuildLedger(folder / "ours", setup, through)
    try:
        system.submit_change(0)
        processes.wait_until("output", lambda: _bytes(system) > 0, RESUMED_SECONDS)
        chance = random.Random(SEED)
        times = [_cut_once(system, proxies[0], chance) for _ in range(CUTS)]
        return {"resume_p50_seconds": statistics.median(times), "resume_max_seconds": max(times)}
    finally:
        for proxy in proxies:
            proxy.stop()
        system.stop()


def _cut_once(system: BuildLedger, proxy: Proxy, chance: random.Random) -> float:
    time.sleep(chance.uniform(*FLOWING_SECONDS))
    proxy.cut()
    time.sleep(chance.uniform(*OUTAGE_SECONDS))
    before = _bytes(system)
    restored = proxy.restore()
    processes.wait_until("output after a cut", lambda: _bytes(system) > before, RESUMED_SECONDS, poll_seconds=0.02)
    return time.monotonic() - restored


def _bytes(system: BuildLedger) -> int:
    """How much output is durable; 0 before there is a log."""
    try:
        return system.last_log_bytes()
    except LookupError:
        return 0


CASES = (
    Case(
        name="half_open",
        ours=half_open,
        peer=None,
        figures={
            "half_open_server_seconds": Measure(unit="s", target=35),
            "half_open_worker_seconds": Measure(unit="s", target=35),
        },
        runs_max=1,
    ),
    Case(
        name="resume",
        ours=resume,
        peer=None,
        figures={
            "resume_p50_seconds": Measure(unit="s", target=2),
            "resume_max_seconds": Measure(unit="s"),
        },
        runs_max=1,
    ),
)
