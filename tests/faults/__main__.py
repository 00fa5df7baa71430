"""`python -m tests.faults [--only NAMES] [--count N] [--seed N]`: run the long loops of faults and print their table.

Exits with 1 when anything went wrong that must not.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from pathlib import Path

import click

from tests.faults.loop import TABLE_HEAD, Loop, LoopOptions, row
from tests.faults.loops.catalogue import LOOPS

PLACE = Path(__file__).parent.parent.parent / "out" / "faults"
DETAILS_SHOWN = 20


@click.command()
@click.option("--only", default="", help="Loops, comma-separated; all if not given.")
@click.option("--count", type=click.IntRange(min=1), help="How often each.  [default: the loop's own]")
@click.option("--seed", type=int, help="Repeats the choices of an earlier run.  [default: another each time]")
@click.option("--list", "list_only", is_flag=True, help="Name the loops, and run none.")
def main(only: str, count: int | None, seed: int | None, list_only: bool) -> None:
    """Harm an installation again and again, and look whether its promises hold; see docs/reliability.md."""
    chosen = _chosen({name.strip() for name in only.split(",") if name.strip()})
    if list_only:
        for loop in chosen:
            click.echo(f"{loop.name}: {loop.count:,} {loop.unit}")
        return
    seed = random.randrange(1 << 31) if seed is None else seed
    rows: list[str] = []
    details: list[str] = []
    for loop in chosen:
        click.echo(f"{loop.name}: {count or loop.count:,} {loop.unit}, seed {seed} …")
        directory = PLACE / loop.name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        began = time.monotonic()
        outcome = loop.run(LoopOptions(directory=directory, count=count or loop.count, seed=seed, say=_say))
        rows.append(row(loop, outcome, time.monotonic() - began))
        details += [f"{loop.name}: {detail}" for detail in outcome.details]
        click.echo(rows[-1])
    click.echo(f"\nSeed {seed}.\n\n{TABLE_HEAD}\n" + "\n".join(rows))
    if details:
        click.echo(f"\n{len(details)} went wrong; the files are in {PLACE}:")
        for detail in details[:DETAILS_SHOWN]:
            click.echo(f"- {detail}")
        sys.exit(1)


def _say(line: str) -> None:
    click.echo(f"  {line}")


def _chosen(names: set[str]) -> list[Loop]:
    unknown = names - {loop.name for loop in LOOPS}
    if unknown:
        raise click.UsageError(f"no such loop: {', '.join(sorted(unknown))}")
    return [loop for loop in LOOPS if not names or loop.name in names]


if __name__ == "__main__":
    main()
