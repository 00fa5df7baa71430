"""How the cases went: for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from buildledger.conformance.casefile import NamedCase
from buildledger.conformance.run_case import Outcome, Result
from buildledger.conformance.steps.step import Step

_MARKS: dict[Outcome, str] = {
    "passed": "ok",
    "failed": "FAILED",
    "not offered": "not offered",
    "kit failed": "KIT FAILED",
}
_INDENT = " " * 6
_COLUMN = 22
_NOTABLE: tuple[Outcome, ...] = ("failed", "kit failed", "not offered")


def progress_line(result: Result, done: int, total: int) -> str:
    """One line when a case is through."""
    line = f"[{done:>3}/{total}] {_MARKS[result.outcome]:<11} {result.case.name} ({result.seconds:.1f} s)"
    return f"{line}: {result.reason}" if result.reason else line


def table(worker: str, results: Sequence[Result], seconds: float) -> Iterator[str]:
    """The human-readable report, line by line."""
    yield f"Conformance of {worker}"
    for group, members in groupby(results, key=lambda each: each.case.group):
        yield ""
        yield group
        for each in members:
            yield f"  {_MARKS[each.outcome]:<11} {_number(each.case)} {each.case.case.title}"
            if each.outcome in ("not offered", "kit failed"):
                yield f"{_INDENT}          {each.reason}"
    failed = [each for each in results if each.outcome == "failed"]
    for each in failed:
        yield ""
        yield from _failure(each)
    counts = Counter(each.outcome for each in results)
    yield ""
    summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _MARKS if _is_told(outcome, counts))
    yield f"{summary}, in {seconds:.0f} s"


def _is_told(outcome: Outcome, counts: Counter[Any]) -> bool:
    """Of the kit's own failures nothing is said while there are none."""
    return outcome != "kit failed" or counts[outcome] > 0


def _failure(result: Result) -> Iterator[str]:
    yield f"FAILED {result.case.name}: {result.case.case.title}"
    yield f"{_INDENT}why it matters: {' '.join(result.case.case.why.split())}"
    yield f"{_INDENT}{result.reason}"
    yield f"{_INDENT}transcript (seconds, who, what):"
    yield from (f"{_INDENT}{line}" for line in result.transcript)
    if result.worker_log:
        yield f"{_INDENT}the end of the worker's stderr:"
        yield from (f"{_INDENT}| {line}" for line in result.worker_log)


def listing(cases: Sequence[NamedCase]) -> Iterator[str]:
    """All cases with what they need."""
    for group, members in groupby(cases, key=lambda each: each.group):
        yield group
        for each in members:
            needs = [*each.case.needs, *(f"{{{name}}}" for name in each.case.takes)]
            notes = ["full profile"] if each.case.profile == "full" else []
            notes += [f"needs {', '.join(needs)}"] if needs else []
            remark = f" ({'; '.join(notes)})" if notes else ""
            yield f"  {each.name:<44} {_number(each)} {each.case.title}{remark}"


def vocabulary() -> Iterator[str]:
    """Every step that a case can be made of."""
    for name, kind in sorted(Step.known.items()):
        fields = [
            f"{each.alias or field}{'' if each.is_required() else '?'}" for field, each in kind.model_fields.items()
        ]
        yield f"{name}: {', '.join(fields) or '(no fields)'}"
        yield from (f"    {line.strip()}" for line in (kind.__doc__ or "").strip().splitlines())


def as_data(worker: str, results: Sequence[Result]) -> list[dict[str, Any]]:
    """The machine-readable report: one object per case."""
    return [
        {
            "worker": worker,
            "case": each.case.name,
            "outcome": each.outcome,
            "group": each.case.group,
            "check": each.case.case.check,
            "title": each.case.case.title,
            "needs": each.case.case.needs,
            "seconds": round(each.seconds, 3),
            **({"reason": each.reason} if each.reason else {}),
            **({"transcript": each.transcript, "worker_log": each.worker_log} if each.outcome == "failed" else {}),
        }
        for each in results
    ]


def write_json(path: Path, worker: str, results: Sequence[Result]) -> None:
    """Write the machine-readable report; what the file says of other workers and of other cases stays.

    Raises:
        UnreadableReportError: What is in the file is no such report; it is left as it is.
    """
    played = {(worker, each.case.name) for each in results}
    others = [each for each in read_json(path) if (each["worker"], each["case"]) not in played]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*others, *as_data(worker, results)], indent=1) + "\n", encoding="utf-8")


class UnreadableReportError(Exception):
    """A file isn't a machine-readable report."""


def read_json(path: Path) -> list[dict[str, Any]]:
    """What a machine-readable report holds; nothing if there is no file.

    Raises:
        UnreadableReportError: It is something else.
    """
    if not path.exists():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        if all({"worker", "case", "outcome"} <= each.keys() for each in entries):
            return entries
    except (ValueError, AttributeError, TypeError) as error:
        raise UnreadableReportError(f"{path} is no report of this kit: {error}") from error
    raise UnreadableReportError(f"{path} is no report of this kit: an entry lacks its worker, case or outcome")


def comparison(path: Path) -> Iterator[str]:
    """What a machine-readable report holds of all workers, side by side: a line per check, a column per worker."""
    entries = read_json(path)
    workers = list(dict.fromkeys(each["worker"] for each in entries))
    checks: dict[int, dict[str, Counter[str]]] = {}
    for each in entries:
        row = checks.setdefault(each.get("check") or 0, {})
        row.setdefault(each["worker"], Counter())[each["outcome"]] += 1
    yield f"{'check':<13}" + "".join(f"{name:<{_COLUMN}}" for name in workers)
    for check, row in sorted(checks.items()):
        cells = (_cell(row.get(name, Counter())) for name in workers)
        yield f"{check or 'the rest':<13}" + "".join(f"{cell:<{_COLUMN}}" for cell in cells)
    totals = {name: Counter(each["outcome"] for each in entries if each["worker"] == name) for name in workers}
    for outcome in _MARKS:
        if not any(_is_told(outcome, counts) for counts in totals.values()):
            continue
        yield f"{outcome:<13}" + "".join(f"{totals[name][outcome]:<{_COLUMN}}" for name in workers)


def _cell(outcomes: Counter[str]) -> str:
    """`ok 3`, or what else there is: `FAILED 1 of 3`, `not offered 2 of 3`."""
    total = outcomes.total()
    if total == 0:
        return "not run"
    for outcome in _NOTABLE:
        if outcomes[outcome]:
            return f"{_MARKS[outcome]} {outcomes[outcome]} of {total}"
    return f"ok {total}"


def _number(each: NamedCase) -> str:
    return f"{each.case.check:>2}" if each.case.check is not None else "  "
