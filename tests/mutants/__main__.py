"""`python -m tests.mutants [--only TEXT] [--copies N]`: apply each kept fault to a copy, and say which suite caught it.

Exits with 1 when a fault was caught by no test, and with 2 when a list doesn't fit the code or a suite fails
without a fault.
"""

from __future__ import annotations

import argparse
import queue
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.fakes.copies import make_copy
from tests.mutants.faults import ROOT, Fault, FaultListError, load
from tests.mutants.suites import LIMIT_SECONDS, Outcome, SuiteRun, run

PLACE = ROOT / "out" / "mutants"
OUTPUT_SHOWN_LINES = 15


class Tried(NamedTuple):
    """A fault, and what its suite said of it."""

    fault: Fault
    result: SuiteRun


class Copies:
    """A few copies of the repository, each lent to one run at a time."""

    def __init__(self, count: int) -> None:
        self._free: queue.Queue[Path] = queue.Queue()
        for number in range(count):
            self._free.put(make_copy(ROOT, PLACE / f"copy-{number}"))

    def unchanged(self, suite: str, tests: tuple[str, ...]) -> SuiteRun:
        """Run tests without any fault."""
        copy = self._free.get()
        try:
            return run(suite, tests, copy)
        finally:
            self._free.put(copy)

    def tried(self, fault: Fault) -> Tried:
        """Run a fault's tests with the fault in the code, and take it out again."""
        copy = self._free.get()
        path = copy / fault.file
        sound = path.read_text()
        try:
            path.write_text(fault.applied(copy))
            return Tried(fault, run(fault.suite, fault.tests, copy))
        finally:
            path.write_text(sound)
            self._free.put(copy)


def main() -> int:
    """Try the faults; the number of the exit code is said in the module's docstring."""
    options = _options()
    try:
        faults = load(options.only)
        for fault in faults:
            fault.applied(ROOT)
    except FaultListError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    if not faults:
        print(f"mutants: no fault has {options.only!r} in its room, file or description", file=sys.stderr)
        return 2
    copies = Copies(options.copies)
    with ThreadPoolExecutor(options.copies) as pool:
        if not _sound(faults, copies, pool):
            return 2
        print(f"{len(faults)} faults:")
        tried = []
        for one in pool.map(copies.tried, faults):
            print(_line(one), flush=True)
            tried.append(one)
    return _summary(tried)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults with this in room, file or description")
    parser.add_argument("--copies", type=int, default=2, help="how many are tried at once (default: 2)")
    return parser.parse_args()


def _sound(faults: list[Fault], copies: Copies, pool: ThreadPoolExecutor) -> bool:
    """Whether all tests pass while no fault is in the code: only then does a failure mean that a fault was caught."""
    tests: dict[str, set[str]] = {}
    for fault in faults:
        tests.setdefault(fault.suite, set()).update(fault.tests)
    wanted = [(suite, (name,)) for suite, names in sorted(tests.items()) for name in sorted(names)]
    print(f"{len(wanted)} sets of tests without a fault …", flush=True)
    failed = False
    for (suite, names), result in zip(wanted, pool.map(lambda one: copies.unchanged(*one), wanted), strict=True):
        if result.outcome is not Outcome.PASSED:
            failed = True
            print(f"FAILS WITHOUT A FAULT  {suite}: {' '.join(names)}\n{_tail(result)}", flush=True)
    return not failed


def _line(tried: Tried) -> str:
    fault, result = tried
    match result.outcome:
        case Outcome.FAILED:
            said = "caught"
        case Outcome.ENDLESS:
            said = "caught, hung"
        case Outcome.PASSED:
            said = "SURVIVED"
        case Outcome.BROKEN:
            said = "NO TEST RAN"
    where = f"{fault.suite}: {' '.join(fault.tests)}"
    line = f"{said:12} {result.seconds:6.1f} s  {fault.room:14} {fault.why}\n{'':24}{fault.file}, {where}"
    return line if result.outcome is Outcome.FAILED else f"{line}\n{_tail(result)}"


def _tail(result: SuiteRun) -> str:
    return "\n".join(f"    | {line}" for line in result.output.splitlines()[-OUTPUT_SHOWN_LINES:])


def _summary(tried: list[Tried]) -> int:
    caught = Counter(one.fault.suite for one in tried if one.result.outcome.catches)
    total = sum(caught.values())
    by_suite = ", ".join(f"{count} by {suite}" for suite, count in sorted(caught.items()))
    print(f"\n{total} of {len(tried)} caught: {by_suite}")
    if endless := sum(one.result.outcome is Outcome.ENDLESS for one in tried):
        print(
            f"{endless} of these because the suite went on for {LIMIT_SECONDS} s, which it does not without the fault"
        )
    for one in tried:
        if not one.result.outcome.catches:
            print(f"not caught: {one.fault.room}: {one.fault.why}")
    return 0 if total == len(tried) else 1


sys.exit(main())
