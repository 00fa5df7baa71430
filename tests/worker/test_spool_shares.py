"""The limit on unacknowledged output is divided among the supervised runs."""

from typing import Any

from buildledger.worker.runs.spool_shares import SpoolShares, segment_bytes


class Heard:
    """A supervisor that remembers the shares it is told."""

    def __init__(self) -> None:
        self.shares: list[int] = []

    def send(self, message: dict[str, Any]) -> None:
        self.shares.append(message["spool_bytes"])


def test_shares_follow_who_runs() -> None:
    """A run that is alone may fill the whole spool; those beside it are told when others come and go."""
    shares, first, second = SpoolShares(900), Heard(), Heard()
    with shares.member(first) as alone:
        assert alone == 900
        with shares.member(second) as half:
            assert half == 450
            assert first.shares == [450]
        assert first.shares == [450, 900]
    assert second.shares == []


def test_many_segments_fit_into_the_spool() -> None:
    """Whatever the limit and the number of channels, segments are from 16 KiB to 8 MiB."""
    assert segment_bytes(1 << 30, 1) == 8 << 20
    assert segment_bytes(16 << 20, 2) == 512 << 10
    assert segment_bytes(1 << 20, 100) == 16 << 10
