"""`buildledger conformance`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Literal

import click

from buildledger.cli.options import GivenFile
from buildledger.worker import main_loop

_NOT_A_WORKER = 2
_KIT_FAILED = 3


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="A group, a check's number or a case, * allowed; repeatable."
)
@click.option(
    "--profile", type=click.Choice(["fast", "full"]), default="fast", show_default=True, help="full: also slow cases."
)
@click.option(
    "--worker", "worker_name", metavar="NAME", help="What the reports call it.  [default: the program's name]"
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Also report to this file.")
@click.option("--at-once", type=click.IntRange(min=1), default=4, show_default=True, help="Cases run at the same time.")
@click.option(
    "--patience", type=click.FloatRange(min=0.1), default=1.0, show_default=True, help="Factor on every time limit."
)
@click.option("--list", "lists", is_flag=True, help="List the cases instead of running them.")
@click.option("--vocabulary", "explains", is_flag=True, help="Explain what cases are written in.")
@click.option(
    "--compare",
    type=GivenFile(),
    metavar="FILE",
    help="Print what a --json file holds of all workers, side by side, instead of running cases.",
)
@click.option("--quiet", is_flag=True, help="No progress, only the report.")
def conformance(
    command: tuple[str, ...],
    only: tuple[str, ...],
    profile: Literal["fast", "full"],
    worker_name: str | None,
    json_file: Path | None,
    at_once: int,
    patience: float,
    lists: bool,
    explains: bool,
    compare: Path | None,
    quiet: bool,
) -> None:
    """Show whether COMMAND is a worker: run the conformance cases with it.

    COMMAND follows after `--`. In it, {server} {name} {state} {work} {token} {spool} are replaced; its environment has
    the same as CONFORMANCE_SERVER and so on. For example:

    \b
      buildledger conformance -- buildledger worker \\
          --server {server} --name {name} --state {state} --token {token}

    Exit code 0: nothing failed; 1: the worker failed in some case; 2: the command is no worker, or the options make
    no sense; 3: the kit itself failed, which says nothing about the worker.
    """
    from buildledger.conformance import report, runner
    from buildledger.conformance.casefile import load_all
    from buildledger.conformance.run_case import Result
    from buildledger.conformance.worker import WorkerCommand

    if explains:
        click.echo("\n".join(report.vocabulary()))
        return
    try:
        if compare is not None:
            click.echo("\n".join(report.comparison(compare)))
            return
        if json_file is not None:
            report.read_json(json_file)
        cases = runner.choose(load_all(), only, profile)
    except (report.UnreadableReportError, runner.NoSuchCaseError) as error:
        raise click.UsageError(str(error)) from error
    if lists:
        click.echo("\n".join(report.listing(cases)))
        return
    if not command:
        raise click.UsageError("give the worker's command line after --")
    name = worker_name or Path(command[0]).name
    done = 0

    def tell(result: Result) -> None:
        nonlocal done
        done += 1
        if not quiet:
            click.echo(report.progress_line(result, done, len(cases)), err=True)

    began = time.monotonic()
    options = runner.Options(at_once=at_once, patience=patience)
    try:
        results = main_loop.run(lambda: runner.run(cases, WorkerCommand(argv=command), options, tell))
    except runner.WorkerUnusableError as error:
        click.echo("\n".join([f"Error: {error}", *error.log]), err=True)
        sys.exit(_NOT_A_WORKER)
    except runner.KitFailedError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_KIT_FAILED)
    click.echo("\n".join(report.table(name, results, time.monotonic() - began)))
    if json_file is not None:
        report.write_json(json_file, name, results)
    sys.exit(_exit_code({each.outcome for each in results}))


def _exit_code(outcomes: set[str]) -> int:
    if "failed" in outcomes:
        return 1
    return _KIT_FAILED if "kit failed" in outcomes else 0
