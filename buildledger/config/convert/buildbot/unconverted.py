"""The account as a page of what is left to do, thing by thing, and as a few lines for a terminal."""

from __future__ import annotations

import posixpath
from collections import Counter

from buildledger.config.convert.buildbot.account import Account, Entry, Kind, Remark, Status
from buildledger.config.convert.buildbot.described import Place

HEAD = """\
# What `buildledger config from-buildbot` didn't convert

{summary}

Everything of the old configuration is counted. *Whole* is what is in `buildledger.yaml` with all that it needs for its
work; where something of it isn't as it was, it has a note. A builder is whole if each of its steps is.
"""


def markdown(account: Account, directory: str) -> str:
    """The whole page. Places below `directory` are said relative to it."""
    text = HEAD.format(summary=_table(account))
    for status, title in (
        (Status.UNCONVERTED, "Not converted"),
        (Status.PARTIAL, "With parts missing"),
        (Status.NOTED, "Converted with a note"),
    ):
        entries = [entry for entry in account.entries if entry.status is status]
        if entries:
            text += f"\n## {title}\n"
            for kind in dict.fromkeys(entry.kind for entry in entries):
                text += f"\n### {kind.capitalize()}\n\n"
                text += _grouped([entry for entry in entries if entry.kind is kind], directory)
    if all(entry.status is Status.CONVERTED for entry in account.entries):
        text += "\nNothing is left to do.\n"
    return text


def lines(account: Account) -> list[str]:
    """The account for a terminal: a line for each kind."""
    return [f"{kind:<15}{_percent(of):>5}   {_said(kind, of)}" for kind, of in account.counts().items()]


def _table(account: Account) -> str:
    rows = [
        "| kind | there are | converted | with a note | with parts missing | not converted | whole |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind, of in account.counts().items():
        numbers = [sum(of.values()), *(of[status] for status in Status)]
        rows.append(f"| {kind} | {' | '.join(str(number) for number in numbers)} | {_percent(of)} |")
    return "\n".join(rows)


def percent(counts: dict[Status, int]) -> int:
    """How much of a kind is whole in the result, in percent; 100 only if all is."""
    total = sum(counts.values())
    return 100 * (counts[Status.CONVERTED] + counts[Status.NOTED]) // total if total else 100


def _percent(counts: dict[Status, int]) -> str:
    return f"{percent(counts)} %"


def _said(kind: Kind, counts: dict[Status, int]) -> str:
    if kind is Kind.BUILDERS:
        # Of these each number counts: a builder that has lost a step does something else than it did.
        whole = counts[Status.CONVERTED] + counts[Status.NOTED]
        return f"{whole} whole, {counts[Status.PARTIAL]} {Status.PARTIAL}, {counts[Status.UNCONVERTED]} lost"
    return ", ".join(f"{number} {status}" for status, number in counts.items() if number)


def _grouped(entries: list[Entry], directory: str) -> str:
    """What is said of several things is said once, with the things below it."""
    about: dict[Remark, Counter[str]] = {}
    for entry in entries:
        thing = f"{_plain(entry.name)}{shown(entry.place, directory)}"
        for remark in entry.remarks:
            about.setdefault(remark, Counter())[thing] += 1
    text = ""
    for remark, things in about.items():
        text += f"- {_remark(remark)}\n"
        for thing, count in things.items():
            often = f", {count} times" if count > 1 else ""
            text += f"  - {thing}{often}\n"
    return text


def _remark(remark: Remark) -> str:
    what = f"**{remark.what}**: " if remark.what else ""
    instead = f". *Instead:* {remark.instead}" if remark.instead else ""
    return f"{what}{_plain(remark.why)}{_plain(instead)}"


def _plain(text: str) -> str:
    """What comes from the old configuration is text, also where Markdown would read more into it."""
    return " ".join(text.replace("<", "&lt;").split())


def shown(place: Place | None, directory: str) -> str:
    """` (master.cfg:12)`."""
    if place is None:
        return ""
    file = place.file
    if file.startswith(directory.rstrip("/") + "/"):
        file = posixpath.relpath(file, directory)
    return f" ({file}:{place.line})" if place.line is not None else f" ({file})"
