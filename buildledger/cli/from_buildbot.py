"""`buildledger config from-buildbot`: a `master.cfg` → a configuration file, and a page of what is left to do."""

from __future__ import annotations

import json
from pathlib import Path

import click

from buildledger.cli.buildbot_process import extract, find_python
from buildledger.config.convert.buildbot import unconverted
from buildledger.config.convert.buildbot.conversion import Conversion, convert
from buildledger.config.init.document import FILE_NAME
from buildledger.config.reading.given_files import read_file
from buildledger.wording import plural

REPORT_NAME = "unconverted.md"


@click.command("from-buildbot")
@click.argument("master_cfg", type=click.Path(path_type=Path))
@click.option(
    "--python",
    metavar="PATH",
    help="The Python that has your Buildbot.  [default: the first that has it: that of $VIRTUAL_ENV, the one beside the"
    " program `buildbot`, python3 and python on the PATH]",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("buildledger"),
    show_default=True,
    help=f"Where {FILE_NAME} and {REPORT_NAME} are written: a directory that is new or empty.",
)
@click.option("--force", is_flag=True, help="Write into a directory that has files, and over those of the same names.")
@click.option("--timeout", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Seconds to load it.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each thing as JSON.")
def from_buildbot(master_cfg: Path, python: str | None, out: Path, force: bool, timeout: float, as_json: bool) -> None:
    """Convert the configuration of a Buildbot, MASTER_CFG, as far as it goes, and say what doesn't.

    The file is loaded by your own Buildbot, as it does when it starts; no master is started. What comes out is a
    configuration file, and a page that lists everything that was not converted, or not as it was: where it stands,
    why, and what to do instead. Passwords and tokens are never copied.
    """
    # Not resolved: where a link to it stands is the master's directory.
    master_cfg = master_cfg.absolute()
    _refuse_unreadable(master_cfg)
    _refuse_full(out, force)
    extracted = extract(python or find_python(), master_cfg, timeout)
    converted = convert(extracted, file=master_cfg.name, directory=str(master_cfg.parent))
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE_NAME).write_text(converted.yaml)
    (out / REPORT_NAME).write_text(converted.unconverted)
    click.echo(_json(converted, master_cfg.parent) if as_json else _summary(converted, out))


def _refuse_unreadable(master_cfg: Path) -> None:
    try:
        read_file(master_cfg, 1, pipe_seconds=0.0)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise click.ClickException(f"{master_cfg.name} can't be read: {reason}") from None


def _refuse_full(out: Path, force: bool) -> None:
    if not force and out.is_dir() and any(out.iterdir()):
        raise click.ClickException(
            f"{out} isn't empty: name another directory with --out, or write over it with --force"
        )


def _summary(converted: Conversion, out: Path) -> str:
    lines = unconverted.lines(converted.account)
    lines += ["", f"wrote {out / FILE_NAME}", f"wrote {out / REPORT_NAME}: what is left to do"]
    if converted.secrets:
        count = plural(len(converted.secrets), "secret")
        lines += [f"{count} to put into {out / 'secrets'}, a file each: {', '.join(converted.secrets)}"]
        lines += ["", f"next: buildledger config check --no-secrets {out / FILE_NAME}"]
    else:
        lines += ["", f"next: buildledger config check {out / FILE_NAME}"]
    return "\n".join(lines)


def _json(converted: Conversion, directory: Path) -> str:
    account = converted.account
    kinds = {
        kind: {"percent": unconverted.percent(counts), **{status.value: number for status, number in counts.items()}}
        for kind, counts in account.counts().items()
    }
    things = [
        {
            "kind": entry.kind,
            "name": entry.name,
            "place": unconverted.shown(entry.place, str(directory)).strip(" ()") or None,
            "status": entry.status,
            "remarks": [{"what": each.what, "why": each.why, "instead": each.instead} for each in entry.remarks],
        }
        for entry in account.entries
    ]
    return json.dumps({"kinds": kinds, "things": things, "secrets": converted.secrets}, indent=2)
