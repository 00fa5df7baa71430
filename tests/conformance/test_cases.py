"""The cases themselves: complete, sound, readable, and refused clearly when they aren't."""

from pathlib import Path

import pytest

from buildledger.conformance.casefile import CHECKS, GROUPS, CaseFileError, NamedCase, load, load_all
from buildledger.conformance.report import listing, vocabulary
from buildledger.conformance.runner import NoSuchCaseError, choose
from buildledger.conformance.steps.branches import IfLacking
from buildledger.conformance.steps.step import Step
from buildledger.conformance.worker import WorkerCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

CASE = """
group: output
about: whatever
cases:
  - id: one
    title: One
    why: because
    runs: {{a: {{do: ["out:x"]}}}}
    steps:
      - {step}
"""


@pytest.fixture(scope="module")
def cases() -> list[NamedCase]:
    return load_all()


def test_every_check_of_the_protocol_has_a_case(cases: list[NamedCase]) -> None:
    """None of the 42 checks is left out, and each belongs to the group that the protocol puts it in."""
    assert {each.case.check for each in cases} - {None} == set(range(1, CHECKS + 1))
    first_checks = {"handshake": 2, "idempotence": 9, "output": 17, "failure": 27, "processes": 36, "files": 42}
    bounds = [*first_checks.values(), CHECKS + 1]
    for (group, first), beyond in zip(first_checks.items(), bounds[1:], strict=True):
        checks = {each.case.check for each in cases if each.group == group}
        assert checks == set(range(first, beyond)), group


def test_every_group_has_cases(cases: list[NamedCase]) -> None:
    """The groups are those that people choose from."""
    assert tuple(dict.fromkeys(each.group for each in cases)) == GROUPS


def test_the_smallest_worker_needs_nothing(cases: list[NamedCase]) -> None:
    """No case of the group hello needs a feature, or is slow."""
    hello = [each.case for each in cases if each.group == "hello"]
    assert hello
    assert not any(case.features() or case.takes or case.profile == "full" for case in hello)


def test_slow_checks_have_a_fast_case_too(cases: list[NamedCase]) -> None:
    """What the full profile shows at length, the fast one shows in short."""
    fast = {each.case.check for each in choose(cases, (), "fast")}
    assert {each.case.check for each in cases} == fast


def test_every_step_is_used(cases: list[NamedCase]) -> None:
    """The vocabulary holds nothing that no case needs."""
    used: set[type[Step]] = set()
    for each in cases:
        for step in each.case.steps:
            used.add(type(step))
            if isinstance(step, IfLacking):
                used |= {type(inner) for inner in step.steps}
    assert used == set(Step.known.values())


def test_cases_are_chosen_by_group_check_and_name(cases: list[NamedCase]) -> None:
    """People say `output`, `17` or `27-*`."""
    assert {each.group for each in choose(cases, ["output"], "fast")} == {"output"}
    assert {each.case.check for each in choose(cases, ["17"], "fast")} == {17}
    assert [each.name for each in choose(cases, ["27-a-hundred*"], "full")] == ["failure/27-a-hundred-cuts"]
    with pytest.raises(NoSuchCaseError):
        choose(cases, ["27-a-hundred*"], "fast")


def test_lists_name_everything(cases: list[NamedCase]) -> None:
    """The list has each case, the vocabulary each step."""
    assert all(any(each.name in line for line in listing(cases)) for each in cases)
    assert {line.split(":")[0] for line in vocabulary() if not line.startswith(" ")} == set(Step.known)


def test_lacking_features_are_no_failure(cases: list[NamedCase]) -> None:
    """A case that needs what the worker lacks isn't offered, with the reason."""
    command = WorkerCommand(argv=["worker", "--server", "{server}"])
    modest = pb.Hello(capacity=1)
    reasons = {each.name: each.case.hindrance(modest, command) for each in cases}
    assert reasons["output/26-secret-split"] == "the worker doesn't offer secrets"
    assert reasons["processes/39-max-time"] == "the worker doesn't offer timeouts"
    assert reasons["processes/39-start-timeout"] == "the worker doesn't offer stop_policy, timeouts"
    assert "{token}" in (reasons["handshake/07-token-once"] or "")
    assert "2" in (reasons["idempotence/13-lower-revision"] or "")
    assert reasons["hello/echo-hello-world"] is None


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("no_such_step: {}", "there is no step 'no_such_step'; there are: accept_sessions, "),
        ("await_exit: {run: b}", "speaks of run 'b', which the case doesn't have"),
        ("await_exit: {run: a, fields: {color: red}}", "Exited has no such field; it has: code, "),
        ("await_exit: {run: a, fields: {reason: FINE}}", "'FINE' isn't one of UNSPECIFIED, COMPLETED, "),
        ("await_exit: {run: a, within: 5}", "5 has no known unit: use one of ms, s, min, h"),
        ("await_exit: {run: a, until: 5 s}", "step 1: until: Extra inputs are not permitted"),
        ("wait: 5 fortnights", "no known unit"),
        ("send: {welcome: {proto: many}}", "isn't a quantity"),
        ("[1, 2]", "a step is one name with its fields"),
    ],
)
def test_mistakes_are_named(step: str, message: str, tmp_path: Path) -> None:
    """A mistake in a case is found when the case is loaded, and the error says which case and what is wrong."""
    path = tmp_path / "output.yaml"
    path.write_text(CASE.format(step=step), encoding="utf-8")
    with pytest.raises(CaseFileError) as error:
        load(path)
    assert "one" in str(error.value)
    assert message in str(error.value)


def test_specifications_are_checked(tmp_path: Path) -> None:
    """A run that no worker could be told of is found when the case is loaded."""
    path = tmp_path / "output.yaml"
    text = CASE.format(step="want: a").replace('{do: ["out:x"]}', "{spec: {builddirs: x}}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseFileError, match="RunSpec has no such field"):
        load(path)
