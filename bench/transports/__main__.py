"""`python -m bench.transports`: each job over each carrier, in turn."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import click

from bench import processes
from bench.buildbot.environment import REPOSITORY, ensure
from bench.proxy import Proxy
from bench.transports.carriers import CARRIERS, Argv, Carrier
from bench.transports.job import CUT_BYTES, EVENT_BYTES, EVENTS, STREAM_BYTES

LOCK = REPOSITORY / "requirements" / "bench-transports.txt"
OUT = REPOSITORY / "out"
JOB_SECONDS = 120.0
CUT_AFTER_SECONDS = 2.0
OUTAGE_SECONDS = 2.0
SETTLE_SECONDS = 1.0
TOTAL = {"events": EVENTS * EVENT_BYTES, "stream": STREAM_BYTES, "cut": CUT_BYTES}
IDLE = {"grpc": 200, "amqp": 200, "amp_ssh": 20}
Figures = dict[str, float]


@click.command()
@click.option("--runs", default=3, show_default=True, type=click.IntRange(min=1), help="Runs of each, interleaved.")
@click.option("--only", default="", help="Carriers, comma-separated: grpc, amqp, amp_ssh.")
def main(runs: int, only: str) -> None:
    """Carry the same jobs over our gRPC stream, a durable queue in RabbitMQ, and AMP through OpenSSH."""
    processes.end_on_sigterm()
    python = ensure(OUT / "transports-environment", LOCK, "a broker's client and Twisted") / "python"
    figures: dict[str, list[Figures]] = {}
    chosen = [carrier for carrier in CARRIERS if not only or carrier.name in only.split(",")]
    for run in range(runs):
        for each in chosen:
            folder = OUT / "bench" / "transports" / each.name
            carrier: Carrier = each(folder, python)
            try:
                found = {**_events(carrier), **_stream(carrier), **_cut(carrier), **_idle(carrier)}
            finally:
                carrier.stop()
            figures.setdefault(each.name, []).append(found)
            click.echo(
                f"run {run + 1}, {each.name}: " + ", ".join(f"{key} {value:.4g}" for key, value in found.items())
            )
    medians = {
        name: {key: statistics.median(run[key] for run in done) for key in done[0]} for name, done in figures.items()
    }
    (OUT / "transports.json").write_text(json.dumps({"medians": medians, "runs": figures}, indent=2) + "\n")
    rows = sorted({key for found in medians.values() for key in found})
    click.echo(f"\n{'':32}" + "".join(f"{name:>12}" for name in medians))
    for key in rows:
        click.echo(
            f"{key:32}"
            + "".join(f"{found[key]:>12.4g}" if key in found else f"{'–':>12}" for found in medians.values())
        )
    click.echo(f"\nMedians of {runs} runs; load average {os.getloadavg()[0]:.1f}. Also in {OUT / 'transports.json'}.")


def _events(carrier: Carrier) -> Figures:
    """1,000 small events a second, each made durable."""
    found = Transfer(carrier, "events").run()
    return {f"event_{key}": found[key] for key in ("safe_p50_ms", "safe_p99_ms", "stored_p50_ms", "stored_p99_ms")} | {
        "event_cpu_us": found["cpu"] * 1e6 / EVENTS
    }


def _stream(carrier: Carrier) -> Figures:
    """500 MB as fast as it goes."""
    found = Transfer(carrier, "stream").run()
    megabytes = STREAM_BYTES / 1e6
    return {
        "stream_mb_per_second": megabytes / found["seconds"],
        "stream_cpu_ms_per_mb": found["cpu"] * 1000 / megabytes,
        "stream_between_cpu_ms_per_mb": found["between_cpu"] * 1000 / megabytes,
    }


def _cut(carrier: Carrier) -> Figures:
    """20 MB/s, and the sender's connection reset for two seconds in the middle."""
    proxy = Proxy(carrier.address)
    try:
        transfer = Transfer(carrier, "cut", proxy.address)
        found = transfer.run(lambda: _cut_once(proxy, transfer.store))
    finally:
        proxy.stop()
    return {"resume_seconds": found["resume_seconds"], "resume_repeated_mb": found["repeated_bytes"] / 1e6}


def _cut_once(proxy: Proxy, store: Path) -> Figures:
    processes.wait_until("output", lambda: store.exists() and store.stat().st_size > 0, JOB_SECONDS)
    time.sleep(CUT_AFTER_SECONDS)
    proxy.cut()
    time.sleep(OUTAGE_SECONDS)
    before, restored = store.stat().st_size, proxy.restore()
    processes.wait_until("output after the cut", lambda: store.stat().st_size > before, JOB_SECONDS)
    return {"resume_seconds": time.monotonic() - restored}


def _idle(carrier: Carrier) -> Figures:
    """Memory that a connection takes where it leads to."""
    count, store = IDLE[carrier.name], _store(carrier)
    receiver = _start(carrier.receiver(store), store, "receiver")
    if receiver is not None:
        _wait_for_word(store.parent / "receiver.txt")
    holders = [pid for pids in carrier.pids().values() for pid in pids] or [receiver.pid if receiver else 0]
    before = sum(processes.own_memory_bytes(pid) for pid in holders)
    sender = _start(carrier.sender(carrier.address, "idle", count, store), store, "sender")
    assert sender is not None
    try:
        _wait_for_word(store.parent / "sender.txt")
        holders = [pid for pids in carrier.pids().values() for pid in pids] or holders
        after = sum(processes.own_memory_bytes(pid) for pid in holders)
        return {"idle_connection_kib": (after - before) / count / 1024}
    finally:
        for process in (sender, receiver):
            if process is not None:
                processes.stop(process)


class Transfer:
    """One job over one carrier, from the start of its ends to the last acknowledgement."""

    def __init__(self, carrier: Carrier, job: str, address: str = "") -> None:
        self._carrier, self._job, self._address = carrier, job, address or carrier.address
        self.store = _store(carrier)

    def run(self, meanwhile: Callable[[], Figures] = dict) -> Figures:
        """Do it, and something else while it goes on; what both ends say, `cpu` and `between_cpu`."""
        receiver = _start(self._carrier.receiver(self.store), self.store, "receiver")
        if receiver is not None:
            _wait_for_word(self.store.parent / "receiver.txt")
        between, began = self._between_cpu(), processes.cpu_seconds(receiver.pid) if receiver else 0.0
        argv = self._carrier.sender(self._address, self._job, 1, self.store)
        sender = _start(argv, self.store, "sender")
        assert sender is not None
        try:
            found = meanwhile()
            sender_cpu = _wait(sender, JOB_SECONDS)
            found |= json.loads((self.store.parent / "sender.txt").read_text().splitlines()[-1])
            processes.wait_until("the rest", lambda: self.store.stat().st_size >= TOTAL[self._job], JOB_SECONDS)
            time.sleep(SETTLE_SECONDS)
            found |= json.loads(self.store.with_suffix(".json").read_text())
            found["between_cpu"] = self._between_cpu() - between
            ends = sender_cpu + (processes.cpu_seconds(receiver.pid) - began if receiver else 0.0)
            return found | {"cpu": ends + found["between_cpu"]}
        finally:
            for process in (sender, receiver):
                if process is not None:
                    processes.stop(process)

    def _between_cpu(self) -> float:
        return sum(processes.cpu_seconds(pid) for pids in self._carrier.pids().values() for pid in pids)


def _store(carrier: Carrier) -> Path:
    """A place for what is received."""
    folder = OUT / "bench" / "transports" / "ends"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder / "store"


def _start(argv: Argv | None, store: Path, end: str) -> subprocess.Popen[bytes] | None:
    if argv is None:
        return None
    return processes.start(argv, cwd=REPOSITORY, output=store.parent / f"{end}.txt")


def _wait_for_word(output: Path) -> None:
    """Until an end says that it is ready."""
    processes.wait_until(f"`ready` in {output}", lambda: "ready" in output.read_text(), JOB_SECONDS)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> float:
    """Wait for its end; returns its processor time with its children's."""
    cpu = 0.0

    def ended() -> bool:
        nonlocal cpu
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if not pid:
            return False
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime
        return True

    processes.wait_until("the sender", ended, seconds)
    if process.returncode:
        raise RuntimeError(f"the sender ended with {process.returncode}: see {OUT / 'bench' / 'transports' / 'ends'}")
    return cpu


if __name__ == "__main__":
    main()
