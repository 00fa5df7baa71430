"""One sample through Buildbot's loader, the converter, and the check of what comes out."""

from __future__ import annotations

import ast
import shutil
import traceback
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import click

from buildledger.cli.buildbot_process import extract
from buildledger.config import load
from buildledger.config.convert.buildbot.account import Entry, Kind, Status
from buildledger.config.convert.buildbot.conversion import Conversion, convert
from buildledger.config.convert.buildbot.described import Extracted
from tests.config.convert.buildbot.manual import printed
from tests.config.convert.buildbot.manual.samples import Sample

BESIDE = ("taken_for_granted.py", "completion.py")
LIMIT_SECONDS = 60.0
MASTER_CFG = """\
import completion, taken_for_granted
_kept = []
globals().update(taken_for_granted.prepared({asked}, {directory!r}))
{text}
completion.complete(globals(), {bound}, taken_for_granted.configuration())
"""


class Result(StrEnum):
    """What became of a sample."""

    NO_PYTHON = "no Python as it is printed"
    REFUSED = "refused by Buildbot"
    NOTHING = "configures nothing by itself"
    CRASHED = "the converter crashes"
    UNSOUND = "the check refuses what comes out"
    UNACCOUNTED = "something is in no list"
    CONVERTED = "converted, and the check accepts it"


@dataclass
class Trial:
    """A sample and what became of it."""

    sample: Sample
    result: Result
    said: str = ""
    entries: list[Entry] = field(default_factory=list)
    """Of what the sample itself has made."""
    warnings: list[str] = field(default_factory=list)


def attempt(sample: Sample, python: str, directory: Path) -> Trial:
    """Try a sample; everything that comes of it is in the directory then."""
    directory.mkdir(parents=True)
    (directory / "sample.txt").write_text(f"{sample.place}\n\n{sample.text}")
    text = printed.python(sample.text)
    if text is None:
        return Trial(sample, Result.NO_PYTHON)
    for name in BESIDE:
        shutil.copy(Path(__file__).parent / name, directory)
    master_cfg = directory / "master.cfg"
    tree = ast.parse(text)
    asked, bound = printed.asked_names(tree), printed.bound_names(tree)
    master_cfg.write_text(
        MASTER_CFG.format(asked=asked, directory=str(directory), text=printed.keeping_values(tree), bound=bound)
    )
    try:
        extracted = extract(python, master_cfg, LIMIT_SECONDS)
    except click.ClickException as error:
        return Trial(sample, Result.REFUSED, error.message)
    return _convert(sample, extracted, directory)


def _convert(sample: Sample, extracted: Extracted, directory: Path) -> Trial:
    try:
        conversion = convert(extracted, file="master.cfg", directory=str(directory))
    except Exception:
        return Trial(sample, Result.CRASHED, traceback.format_exc())
    file = directory / "buildledger.yaml"
    file.write_text(conversion.yaml)
    (directory / "unconverted.md").write_text(conversion.unconverted)
    problems = load.check(file, secrets_required=False)
    own = [entry for entry in conversion.account.entries if _is_own(entry, sample)]
    trial = Trial(sample, Result.CONVERTED, entries=own, warnings=[str(each) for each in problems])
    if any(problem.severity != "warning" for problem in problems):
        trial.result, trial.said = Result.UNSOUND, "\n".join(map(str, problems))
    elif lost := unaccounted(extracted, conversion):
        trial.result, trial.said = Result.UNACCOUNTED, "\n".join(lost)
    elif not own and not any("sample-" in entry.name for entry in conversion.account.entries):
        trial.result = Result.NOTHING
    return trial


def _is_own(entry: Entry, sample: Sample) -> bool:
    """Whether the sample has made it; of a setting only the name is known."""
    if entry.kind is Kind.SETTINGS:
        return entry.name.rpartition(".")[2] in sample.text
    return entry.place is None or Path(entry.place.file).name not in BESIDE


def unaccounted(extracted: Extracted, conversion: Conversion) -> list[str]:
    """What Buildbot has loaded and the account doesn't know, and what it knows and the page doesn't list."""
    account = conversion.account
    counts = {kind: sum(of.values()) for kind, of in account.counts().items()}
    used = {builder.factory for builder in extracted.builders}
    there = {
        Kind.BUILDERS: len(extracted.builders),
        Kind.WORKERS: len(extracted.workers),
        Kind.SCHEDULERS: len(extracted.schedulers),
        Kind.CHANGE_SOURCES: len(extracted.change_sources),
        Kind.STEPS: sum(len(extracted.factories[number].steps) for number in used),
    }
    lost = [
        f"{kind}: {number}, {counts.get(kind, 0)} counted"
        for kind, number in there.items()
        if number != counts.get(kind, 0)
    ]
    services = counts.get(Kind.REPORTERS, 0) + counts.get(Kind.SERVICES, 0)
    if services != len(extracted.services):
        lost.append(f"services: {len(extracted.services)}, {services} counted")
    listed = (entry for entry in account.entries if entry.status is not Status.CONVERTED)
    lost += [f"{each.kind} {each.name}: not on the page" for each in listed if each.name not in conversion.unconverted]
    return lost
