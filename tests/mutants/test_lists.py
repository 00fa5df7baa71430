"""The kept lists of deliberate faults fit the code."""

from __future__ import annotations

import pytest

from tests.mutants.faults import ROOT, Fault, load

FAULTS = load()
LEAST = 60
ROOMS_OF_ITS_OWN = {"grpc_protos", "dashboard_static", "__pycache__"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.room}: {fault.why}")
def test_fault_fits(fault: Fault) -> None:
    """The text that a fault replaces stands once in its file, the fault changes it, and its tests exist."""
    assert fault.applied(ROOT) != (ROOT / fault.file).read_text()
    if fault.suite == "pytest":
        assert [name for name in fault.tests if not (ROOT / name.partition("::")[0]).exists()] == []


def test_there_are_enough() -> None:
    """The lists hold at least as many faults as they are meant to."""
    assert len(FAULTS) >= LEAST


def test_every_room_has_faults() -> None:
    """No room is left out: each room with code of its own, and each other suite, has at least one fault."""
    rooms = {path.name for path in (ROOT / "buildledger").iterdir() if path.is_dir()} - ROOMS_OF_ITS_OWN
    with_faults = {fault.file.split("/")[1] for fault in FAULTS if fault.file.startswith("buildledger/")}
    assert rooms - with_faults == set()
    assert {fault.suite for fault in FAULTS} == {"pytest", "go", "node", "dashboard"}
