"""Try the samples of a copy of Buildbot's documentation, and print what became of them."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from buildledger.config.convert.buildbot import unconverted
from buildledger.config.convert.buildbot.account import Kind, Status
from tests.config.convert.buildbot.manual.samples import samples
from tests.config.convert.buildbot.manual.trial import Result, Trial, attempt

AT_ONCE = 2
FAULTS = frozenset({Result.CRASHED, Result.UNSOUND, Result.UNACCOUNTED})


@click.command()
@click.argument("master", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--python", required=True, help="The Python that has Buildbot.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where each sample's files are left.")
@click.option("--only", default="", help="Samples whose place contains this.")
@click.option("--verbose", is_flag=True, help="Say what became of each sample.")
def main(master: Path, python: str, out: Path | None, only: str, verbose: bool) -> None:
    """MASTER is the directory `master` of Buildbot's repository."""
    chosen = [sample for sample in samples(master) if only in sample.place]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(AT_ONCE) as pool:
        base = out or Path(temporary)
        jobs = [pool.submit(attempt, each, python, base / _folder(each.place)) for each in chosen]
        trials = [job.result() for job in jobs]
    # A block that nobody calls Python and that can't be loaded is no sample.
    trials = [each for each in trials if each.sample.marked or each.result not in (Result.NO_PYTHON, Result.REFUSED)]
    for trial in trials:
        if verbose or trial.result in FAULTS:
            click.echo(f"{trial.sample.place}: {trial.result}\n{trial.said}")
    _figures(trials)
    raise SystemExit(any(trial.result in FAULTS for trial in trials))


def _folder(place: str) -> str:
    return re.sub(r"[^\w.-]+", "-", place)


def _figures(trials: list[Trial]) -> None:
    click.echo(f"{len(trials)} samples")
    for result, count in Counter(trial.result for trial in trials).items():
        click.echo(f"  {count:4} {result}")
    click.echo(f"\n| kind | there are | {' | '.join(Status)} | whole |")
    click.echo(f"| {'--- | ' * (len(Status) + 2)}--- |")
    for kind in Kind:
        of = Counter(entry.status for trial in trials for entry in trial.entries if entry.kind is kind)
        if total := sum(of.values()):
            shares = " | ".join(str(of[status]) for status in Status)
            click.echo(f"| {kind} | {total} | {shares} | {unconverted.percent(of)} % |")


if __name__ == "__main__":
    main()
