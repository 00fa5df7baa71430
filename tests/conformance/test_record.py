"""What the kit holds against a worker in every case, and what it doesn't."""

from collections.abc import Callable

import google_crc32c
import pytest

from buildledger.conformance.record import AttemptRecord
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

RUN = "0b9fbb5e-6a0f-4c1c-9d6e-0f6a3c0d8a01"
WINDOW_BYTES = 1000


class Story:
    """An attempt that is told event by event."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.record = AttemptRecord("a", RUN, 1, self.violations.append)
        self.record.highest_fence = 1
        self.record.allowed_channels = frozenset({"stdout"})

    def tell(self, number: int, event: pb.RunEvent) -> bool:
        event.run_id, event.attempt, event.event_no = RUN, 1, number
        event.fence = event.fence or 1
        return self.record.take(event, 0.0, WINDOW_BYTES)


def accepted() -> pb.RunEvent:
    return pb.RunEvent(accepted=pb.Accepted())


def output(data: bytes, offset: int = 0, channel: str = "stdout") -> pb.RunEvent:
    return pb.RunEvent(output=pb.Output(channel=channel, offset=offset, data=data, crc32c=google_crc32c.value(data)))


def exited(**totals: int) -> pb.RunEvent:
    told = [pb.OutputTotal(channel=name, bytes=size) for name, size in totals.items()]
    return pb.RunEvent(exited=pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED, output_totals=told))


def test_a_sound_story_is_held_against_nobody() -> None:
    """Events in order, repeated ones included, are no violation."""
    story = Story()
    events: list[Callable[[], pb.RunEvent]] = [accepted, lambda: output(b"ab"), lambda: output(b"c", 2)]
    for number, event in enumerate(events, start=1):
        assert story.tell(number, event())
    for number, event in enumerate(events, start=1):
        assert story.tell(number, event())
    assert story.tell(4, exited(stdout=3))
    assert story.violations == []
    assert bytes(story.record.channel("stdout").kept) == b"abc"
    assert story.record.repeated == 3


@pytest.mark.parametrize(
    ("events", "violation"),
    [
        ([output(b"a")], "its first event is output"),
        ([accepted(), output(b"a", 1)], "output of channel stdout is at 1, but 0 comes next"),
        ([accepted(), output(b"")], "is empty"),
        ([accepted(), output(b"a", channel="other")], "only stdout can be"),
        ([accepted(), pb.RunEvent(output=pb.Output(channel="stdout", data=b"a", crc32c=1))], "checksum"),
        ([accepted(), exited(), output(b"a")], "came after the last event"),
        ([accepted(), output(b"ab"), exited(stdout=1)], "output_totals tells 1 bytes"),
        ([accepted(), exited(stdout=1)], "output_totals tells of 1 bytes of channel stdout, but none came"),
        ([pb.RunEvent(accepted=pb.Accepted(), fence=7)], "fence 7, which was never sent"),
        ([accepted(), output(b"x" * WINDOW_BYTES), output(b"y", WINDOW_BYTES)], "but credit ends at 1000"),
    ],
)
def test_a_broken_promise_is_named(events: list[pb.RunEvent], violation: str) -> None:
    """Whatever a case is about, these are found."""
    story = Story()
    for number, event in enumerate(events, start=1):
        story.tell(number, event)
    assert len(story.violations) == 1
    assert violation in story.violations[0]


def test_credit_grows_with_acknowledgements() -> None:
    """What is acknowledged makes room for as much again."""
    story = Story()
    story.tell(1, accepted())
    story.tell(2, output(b"x" * WINDOW_BYTES))
    story.record.acknowledge(2)
    story.tell(3, output(b"y", WINDOW_BYTES))
    assert story.violations == []
    assert story.record.unacked_output_bytes == 1


def test_a_hole_is_only_excused_when_the_kit_made_it() -> None:
    """An event that the kit lost is asked for again; one that the worker left out is a violation."""
    story = Story()
    story.record.lose.add(2)
    assert story.tell(1, accepted())
    assert not story.tell(2, output(b"a"))
    assert not story.tell(3, output(b"b", 1))
    assert story.tell(2, output(b"a"))
    assert story.tell(3, output(b"b", 1))
    assert story.violations == []
    assert not story.tell(5, output(b"c", 2))
    assert "a hole" in story.violations[0]


def test_what_is_sent_again_has_its_time() -> None:
    """The time of an event is when it happened, not when it is sent."""
    story = Story()
    story.tell(1, accepted())
    late = accepted()
    late.wall.seconds = 7
    story.tell(1, late)
    assert story.violations == ["run a: event 1 has another time when it is sent again"]


def test_what_is_sent_again_must_be_the_same() -> None:
    """A worker that cuts its chunks anew after a break would shift every number."""
    story = Story()
    story.tell(1, accepted())
    story.tell(2, output(b"abc"))
    story.tell(2, output(b"ab"))
    assert "when it is sent again" in story.violations[0]
