"""`python -m bench.configuration`: each figure in turn, by the commands and the API that users have."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import click
import httpx

from bench import processes
from bench.configuration.written import configuration
from bench.ours import BUILDLEDGER

OUT = Path(__file__).resolve().parents[2] / "out" / "bench-configuration"
TIMEOUT_SECONDS = 300.0
SETTLE_SECONDS = 2.0
Figures = dict[str, list[float]]


@click.command()
@click.option("--builders", default=10_000, show_default=True, type=click.IntRange(1, 20_000), help="Written out.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(min=1), help="Changes, checks and applies.")
def main(builders: int, runs: int) -> None:
    """Check, apply and change a configuration of many builders, beside a server that runs."""
    processes.end_on_sigterm()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = _check(Path(folder), builders, runs) | _serve(Path(folder), builders, runs)
    for name, values in figures.items():
        click.echo(f"{name:32} {statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})")
    (OUT / "figures.json").write_text(json.dumps({"builders": builders, **figures}, indent=2) + "\n")


def _check(folder: Path, builders: int, runs: int) -> Figures:
    file = folder / "ci.yaml"
    file.write_text(configuration(builders))
    seconds, cpu = zip(*(_timed("config", "check", file) for _ in range(runs)), strict=True)
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    figures = {"check_seconds": list(seconds), "check_cpu_seconds": list(cpu), "check_peak_mib": [peak_mib]}
    return {"megabytes": [file.stat().st_size / 1e6], **figures}


def _serve(folder: Path, builders: int, runs: int) -> Figures:
    """A server that follows a file, changed by one builder at a time, and applied to by the command line."""
    file, other, state = folder / "followed.yaml", folder / "applied.yaml", folder / "state"
    file.write_text(configuration(builders))
    http = f"127.0.0.1:{processes.free_port()}"
    addresses = ["--http", http, "--grpc", f"127.0.0.1:{processes.free_port()}"]
    began = time.monotonic()
    server = processes.start(
        [BUILDLEDGER, "serve", "--state", state, "--config", file, *addresses], folder, OUT / "server.txt"
    )
    try:
        api = httpx.Client(base_url=f"http://{http}/api/v1", timeout=TIMEOUT_SECONDS)
        processes.wait_until("the server", lambda: _answers(api), TIMEOUT_SECONDS)
        figures: Figures = defaultdict(list, start_seconds=[time.monotonic() - began])
        api.headers["Authorization"] = f"Bearer {(state / 'admin-token').read_text().strip()}"
        for number in range(1, runs + 1):
            time.sleep(SETTLE_SECONDS)
            before = processes.cpu_seconds(server.pid)
            figures["change_seconds"].append(_change(api, file, configuration(builders, changed=number)))
            figures["change_server_cpu_seconds"].append(processes.cpu_seconds(server.pid) - before)
        for number in range(1, runs + 1):
            other.write_text(configuration(builders, changed=1_000 + number))
            time.sleep(SETTLE_SECONDS)
            seconds, cpu = _timed("config", "apply", other, "--state", state)
            figures["apply_seconds"].append(seconds)
            figures["apply_client_cpu_seconds"].append(cpu)
        figures["server_peak_mib"] = [processes.peak_memory_mib(server.pid)]
        figures["server_mib"] = [processes.memory_bytes(server.pid) / (1 << 20)]
        return figures
    finally:
        processes.stop(server)


def _change(api: httpx.Client, file: Path, text: str) -> float:
    """From the file in its place to the revision that is in force and shown."""
    before = _revision(api)
    written = file.with_suffix(".new")
    written.write_text(text)
    began = time.monotonic()
    written.replace(file)
    processes.wait_until("the change", lambda: _revision(api) > before, TIMEOUT_SECONDS)
    return time.monotonic() - began


def _revision(api: httpx.Client) -> int:
    revision: int = api.get("/config/revisions?limit=1").raise_for_status().json()["items"][0]["revision"]
    return revision


def _answers(api: httpx.Client) -> bool:
    try:
        return api.get("/health").is_success
    except httpx.TransportError:
        return False


def _timed(*arguments: str | Path) -> tuple[float, float]:
    """How long a command took, and how much of a processor."""
    began, before = time.monotonic(), _children_cpu_seconds()
    subprocess.run([BUILDLEDGER, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began, _children_cpu_seconds() - before


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
