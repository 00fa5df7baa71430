"""`python -m bench`: both systems, case by case, interleaved."""

from __future__ import annotations

from pathlib import Path

import click

from bench.buildbot.environment import REPOSITORY, ensure
from bench.buildbot.system import Buildbot
from bench.cases import Case, Samples, cases, varied_lines
from bench.ours import BuildLedger
from bench.report import Figure, save, table
from bench.system import Setup, System

OUT = REPOSITORY / "out"


@click.command()
@click.option("--only", default="", help="Cases or figures, comma-separated; all if not given.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(min=1), help="Runs of each, interleaved.")
def main(only: str, runs: int) -> None:
    """Measure Build Ledger beside Buildbot 4.3 on this machine; see bench/README.md."""
    folder = OUT / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = _chosen(cases(folder), {name for name in only.split(",") if name})
    binaries = ensure(OUT / "buildbot-environment")
    varied_lines(folder / "varied.txt")
    figures: list[Figure] = []
    for case in chosen:
        samples: dict[str, list[Samples]] = {"ours": [], "peer": []}
        for run in range(runs):
            for side in ("ours", "peer"):
                click.echo(
                    f"{case.name}: run {run + 1} of {runs}, {'Build Ledger' if side == 'ours' else 'Buildbot'} …"
                )
                samples[side].append(_run(case, side, binaries, folder))
                click.echo("  " + ", ".join(f"{name} {value:.4g}" for name, value in samples[side][-1].items()))
        figures += _figures(case, samples)
    save(figures, OUT / "bench.json")
    click.echo("\n" + table(figures) + f"\n\nMedians of {runs} runs (min–max). Also in {OUT / 'bench.json'}.")


def _chosen(known: tuple[Case, ...], names: set[str]) -> list[Case]:
    unknown = names - {case.name for case in known} - {figure for case in known for figure in case.figures}
    if unknown:
        raise click.UsageError(f"no such case or figure: {', '.join(sorted(unknown))}")
    return [case for case in known if not names or case.name in names or names & set(case.figures)]


def _run(case: Case, side: str, binaries: Path, folder: Path) -> Samples:
    (folder / "stamps").unlink(missing_ok=True)
    system = _start(side, binaries, folder / side, case.setup)
    try:
        return case.run(system, folder)
    finally:
        system.stop()


def _start(side: str, binaries: Path, folder: Path, setup: Setup) -> System:
    return BuildLedger(folder, setup) if side == "ours" else Buildbot(binaries, folder, setup)


def _figures(case: Case, samples: dict[str, list[Samples]]) -> list[Figure]:
    return [
        Figure(
            name=name,
            unit=unit,
            ours=tuple(sample[name] for sample in samples["ours"]),
            peer=tuple(sample[name] for sample in samples["peer"]),
            higher_is_better=higher,
        )
        for name, (unit, higher) in case.figures.items()
    ]


if __name__ == "__main__":
    main()
