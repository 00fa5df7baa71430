"""Cases are written in plain data; what it means for messages."""

from typing import Any

import pytest

from buildledger.conformance.matching import mismatches
from buildledger.conformance.message_builder import MessageError, build
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

EXITED = pb.Exited(
    code=0,
    reason=pb.EXIT_REASON_COMPLETED,
    message="all is well",
    survivors_killed=[pb.Survivor(pid=7, name="daemon")],
    output_totals=[pb.OutputTotal(channel="stdout", bytes=2048, sha256=b"\x01")],
)


def test_messages_are_built_from_plain_data() -> None:
    """Enumerations without prefix, durations and sizes with units, bytes as text or hexadecimal, maps and lists."""
    spec = build(
        pb.RunSpec,
        {
            "builddir": "b",
            "command": {
                "argv": {"args": ["x", {"text": "y", "times": 3}]},
                "env": {"A": "1"},
                "stdin": {"hex": "ff 00"},
                "pty": {},
                "log_limit": "1 KiB",
                "output_policy": "GAP",
                "stop_policy": [{"level": "KILL", "grace": "1.5 s"}],
            },
        },
    )
    command = spec.command
    assert list(command.argv.args) == ["x", "yyy"]
    assert (dict(command.env), command.stdin, command.log_limit) == ({"A": "1"}, b"\xff\x00", 1024)
    assert command.HasField("pty")
    assert (command.output_policy, command.stop_policy[0].level) == (pb.OUTPUT_POLICY_GAP, pb.STOP_LEVEL_KILL)
    assert command.stop_policy[0].grace.ToMilliseconds() == 1500


@pytest.mark.parametrize(
    "expected",
    [
        {"code": 0, "signal": {"absent": True}, "reason": "COMPLETED"},
        {"reason": {"one_of": ["CANCEL", "COMPLETED"]}, "message": {"contains": "well"}},
        {"survivors_killed": {"any": {"pid": {"at_least": 7}}}, "output_totals": [{"bytes": "2 KiB"}]},
        {"survivors_killed": {"count": 1}, "output_totals": {"none": {"channel": "stderr"}}},
        {"output_totals": [{"sha256": {"hex": "01"}, "channel": {"matches": "^std"}}]},
    ],
)
def test_what_agrees(expected: dict[str, Any]) -> None:
    """An expectation names some fields, the others may be anything."""
    assert mismatches(EXITED, expected) == []


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        ({"code": 1}, "code is 0, expected 1"),
        ({"signal": 9}, "signal isn't set"),
        ({"reason": "CANCEL"}, "reason is COMPLETED, expected 'CANCEL'"),
        ({"code": {"absent": True}}, "code should not be set"),
        ({"output_totals": []}, "output_totals has 1 elements, not 0"),
        ({"survivors_killed": {"any": {"name": "other"}}}, "survivors_killed has no element like"),
        ({"output_totals": [{"bytes": {"at_most": "1 KiB"}}]}, "output_totals[0].bytes is 2048"),
    ],
)
def test_what_disagrees_is_named(expected: dict[str, Any], sentence: str) -> None:
    """The sentence says which field, what it is, and what was expected."""
    (found,) = mismatches(EXITED, expected)
    assert sentence in found


@pytest.mark.parametrize("expected", [{"colour": 1}, {"reason": "NICE"}, {"survivors_killed": 3}, {"code": "many"}])
def test_senseless_expectations_are_refused(expected: dict[str, Any]) -> None:
    """A misspelt field never counts as a match."""
    with pytest.raises(MessageError):
        mismatches(EXITED, expected)
