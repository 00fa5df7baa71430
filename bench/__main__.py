"""`python -m bench`: case by case, both systems interleaved where there are two."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import click

from bench import cases, connections, processes
from bench.buildbot.environment import REPOSITORY, ensure
from bench.case import Case, Samples, Trial
from bench.fleet import cases as fleet_cases
from bench.report import Figure, save, table

OUT = REPOSITORY / "out"
Runs = dict[Trial, list[Samples]]


@click.command()
@click.option("--only", default="", help="Cases or figures, comma-separated; all if not given.")
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    help="Runs of each, interleaved.  [default: 3; 1 of the cases that take minutes]",
)
@click.option("--list", "list_only", is_flag=True, help="Name the cases and their figures, and measure nothing.")
def main(only: str, runs: int | None, list_only: bool) -> None:
    """Measure Build Ledger, beside Buildbot 4.3 where it has the same; see bench/README.md."""
    processes.end_on_sigterm()
    folder, environment = OUT / "bench", OUT / "buildbot-environment"
    folder.mkdir(parents=True, exist_ok=True)
    known = (*cases.cases(folder, environment / "bin"), *fleet_cases.CASES, *connections.CASES)
    chosen = _chosen(known, {name for name in only.split(",") if name})
    if list_only:
        for case in chosen:
            click.echo(f"{case.name}: {', '.join(case.figures)}")
        return
    if any(case.peer for case in chosen):
        ensure(environment)
    cases.varied_lines(folder / cases.VARIED)
    began, done, figures = time.monotonic(), Runs(), list[Figure]()
    for case in chosen:
        _measure(case, folder, done, runs if runs is not None else min(cases.RUNS, case.runs_max))
        figures += _figures(case, done)
        save(figures, OUT / "bench.json")
    click.echo("\n" + table(figures))
    click.echo(
        f"\nMedians (min–max) on {os.cpu_count()} cores in {(time.monotonic() - began) / 60:.0f} minutes;"
        f" load average {os.getloadavg()[0]:.1f}. Also in {OUT / 'bench.json'}."
    )


def _chosen(known: Sequence[Case], names: set[str]) -> list[Case]:
    unknown = names - {case.name for case in known} - {figure for case in known for figure in case.figures}
    if unknown:
        raise click.UsageError(f"no such case or figure: {', '.join(sorted(unknown))}")
    return [case for case in known if not names or case.name in names or names & set(case.figures)]


def _measure(case: Case, folder: Path, done: Runs, runs: int) -> None:
    """Do the runs of both sides in turn; those of a trial that were done for another case count."""
    for run in range(runs):
        for side, trial in (("Build Ledger", case.ours), ("Buildbot", case.peer)):
            if trial is None or len(done.get(trial, ())) > run:
                continue
            click.echo(f"{case.name}: run {run + 1} of {runs}, {side} …")
            (folder / cases.STAMPS).unlink(missing_ok=True)
            samples = trial(folder)
            done.setdefault(trial, []).append(samples)
            click.echo("  " + ", ".join(f"{name} {value:.4g}" for name, value in samples.items()))


def _figures(case: Case, done: Runs) -> list[Figure]:
    theirs = done.get(case.peer, []) if case.peer else []
    return [
        Figure(
            name=name,
            unit=measure.unit,
            ours=tuple(samples[name] for samples in done[case.ours]),
            peer=tuple(samples[measure.peer or name] for samples in theirs if (measure.peer or name) in samples),
            higher_is_better=measure.higher_is_better,
            target=measure.target,
        )
        for name, measure in case.figures.items()
    ]


if __name__ == "__main__":
    main()
