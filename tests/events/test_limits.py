"""The one gate for input: what a fact may hold, whatever door it came through."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from buildledger.events.build import OperationRequested, PropertySet, TestResult, TestsReported
from buildledger.events.catalogue import FACTS
from buildledger.events.change import ChangeRecorded, FileChange
from buildledger.events.codec import decode
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact
from buildledger.events.fact_check import check
from buildledger.events.ids import ClaimId, OperationId, WordsId
from buildledger.events.limits import DEPTH, NAME_BYTES, NUMBER_MAX, LimitError
from buildledger.events.operation import Run, SecretName, Text
from tests.events.strategies import facts
from tests.golden.histories import lines, names

ID = UUID(int=1)
COMMIT = ChangeRecorded(
    source="widget",
    repository="https://example.org/widget.git",
    branch="main",
    revision="1" * 40,
    parents=(),
    author=ClaimId(ID),
    committer=ClaimId(ID),
    committed_at=datetime(2026, 1, 2, tzinfo=UTC),
    words_id=WordsId(ID),
    words_digest="d" * 64,
    files=(FileChange("a.c"),),
    file_count=1,
)
EAST = timezone(timedelta(hours=14))


@pytest.mark.parametrize("name", names())
def test_what_was_stored_before_is_within_the_limits(name: str) -> None:
    """No history of an earlier version has a fact that couldn't be stored today."""
    for line in lines(name):
        check(decode(line.name, line.stored.encode())[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"committed_at": datetime(2026, 1, 2)}, "committed_at .*without its offset"),
        ({"committed_at": datetime.min.replace(tzinfo=EAST)}, "committed_at .*before 0001"),
        ({"committed_at": datetime.max.replace(tzinfo=UTC)}, "committed_at .*after 9999"),
        ({"file_count": 2**63}, "file_count is 9223372036854775808"),
        ({"file_count": -(2**53)}, "file_count is -9007199254740992"),
        ({"file_count": 1 << 40_000}, "file_count is a number of 40001 bits"),
        ({"branch": "a\0b"}, "branch holds a NUL, as character 2"),
        ({"branch": "\ud800"}, r"branch holds half a character"),
        ({"branch": "é" * 401}, "branch has 802 bytes"),
        ({"parents": ("1" * 40, "x" * 801)}, r"parents\[1\] has 801"),
        ({"files": (FileChange("a"), FileChange("\0"))}, r"files\[1\]\.path holds a NUL"),
        ({"files": (FileChange("a"),) * 100_001}, "files has 100001 items"),
        ({"link": "\0"}, "link holds a NUL"),
    ],
)
def test_a_value_beyond_a_limit_is_refused_by_its_place(change: dict[str, object], said: str) -> None:
    """The message names the fact, the field and what is wrong with it."""
    check(COMMIT)
    with pytest.raises(LimitError, match=rf"change\.recorded\.v2\.{said}"):
        check(replace(COMMIT, **change))


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("-inf"), 2**63, "a\0", {"a": ["\udfff"]}, {"\0": 1}, [{"deep": [2**64]}], b"bytes"],
    ids=repr,
)
def test_a_value_of_a_builds_own_is_one_that_json_can_say(value: object) -> None:
    """Within lists and mappings as well."""
    check(PropertySet(name="x", value={"a": [1, 2.5, None, True, "é"]}, origin="run"))
    with pytest.raises(LimitError, match=r"build\.property_set\.v1\.value"):
        check(PropertySet(name="x", value=value, origin="run"))


def test_a_value_is_not_nested_without_end() -> None:
    """The encoder would break off in the middle."""
    value: object = 1
    for _ in range(DEPTH + 1):
        value = [value]
    with pytest.raises(LimitError, match="nested"):
        check(PropertySet(name="x", value=value, origin="run"))


def test_values_inside_of_values_are_checked() -> None:
    """Specifications of operations, results of tests, optional fractions."""

    requested = OperationRequested(
        operation_id=OperationId(ID), step=0, label="x", worker="w", fence=1, spec=Run(env={"A": SecretName("b")})
    )
    check(requested)
    with pytest.raises(LimitError, match=r"spec\.env\['A'\]\.value holds a NUL"):
        check(replace(requested, spec=Run(env={"A": Text("\0")})))
    with pytest.raises(LimitError, match=r"spec\.max_seconds is nan"):
        check(replace(requested, spec=Run(max_seconds=float("nan"))))
    results = (TestResult(name="t", status="passed", seconds=1e300),)
    with pytest.raises(LimitError, match=r"results\[0\]\.seconds"):
        check(TestsReported(operation_id=OperationId(ID), step=0, report="r", format="tap", results=results))


def test_a_name_of_a_test_may_be_longer_than_one_that_is_looked_up() -> None:
    """And a configuration longer than any other text."""
    results = (TestResult(name="é" * NAME_BYTES, status="passed"),)
    check(TestsReported(operation_id=OperationId(ID), step=0, report="r", format="tap", results=results))
    check(ConfigApplied(revision=NUMBER_MAX, digest="", text="x" * (16 << 20), origin=""))


@pytest.mark.parametrize("cls", FACTS, ids=lambda cls: cls.NAME)
@settings(max_examples=5)
@given(data=st.data())
def test_every_fact_has_a_check(cls: type[Fact], data: st.DataObject) -> None:
    """Of each of its fields: a type that the gate doesn't know is an error, for the first fact of the class."""
    with suppress(LimitError):
        check(data.draw(facts(cls)))
