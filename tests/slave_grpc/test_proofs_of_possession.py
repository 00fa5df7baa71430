"""A bound credential needs a proof that its key is at hand, a new one each time."""

from datetime import timedelta

import grpc
import grpc.aio
import pytest

from buildledger.events.worker import (
    WorkerConnected,
)
from buildledger.ledger.errors import StoreError
from buildledger.servers.shown_once import ShownOnce
from buildledger.slave_grpc.identity.proofs import PROOF_KEY
from tests.slave_grpc.answers import let_in, refused, status
from tests.slave_grpc.key_holder import KeyHolder
from tests.slave_grpc.raw_worker import RawWorker
from tests.slave_grpc.service import Installation


async def test_a_bound_credential_needs_its_key(installation: Installation, bob: KeyHolder) -> None:
    """Whoever copied the bearer credential, or a proof that was shown, gets nowhere."""
    authorization = bob.metadata()[:1]
    assert "no buildledger-proof" in await refused(installation, authorization)
    stranger = KeyHolder()
    forged = stranger.proof(bob.credential.bearer)
    assert "isn't signed by the key" in await refused(installation, [*authorization, ("buildledger-proof", forged)])
    assert "another form" in await refused(installation, [*authorization, ("buildledger-proof", "rubbish")])
    shown = bob.metadata()
    await let_in(installation, shown)
    assert "shown before" in await refused(installation, shown)
    assert len(installation.facts(WorkerConnected)) == 1


async def test_a_proof_of_another_credential_is_none(installation: Installation, bob: KeyHolder) -> None:
    """The signature is over the bearer credential, so it can't be moved to another one."""
    other = bob.proof("another bearer")
    assert "isn't signed" in await refused(installation, [*bob.metadata()[:1], ("buildledger-proof", other)])


@pytest.mark.parametrize(("minutes", "is_taken"), [(-4, True), (4, True), (-6, False), (6, False)])
async def test_clocks_may_differ_a_little(
    installation: Installation, bob: KeyHolder, minutes: int, is_taken: bool
) -> None:
    """Five minutes either way are borne; beyond them the worker is told how far its clock is off."""
    shown = bob.metadata(installation.clock.now() + timedelta(minutes=minutes))
    if is_taken:
        await let_in(installation, shown)
    else:
        message = await refused(installation, shown)
        assert ("ahead of" if minutes > 0 else "behind") in message
        assert "clock is 360 s" in message or "clock is 359 s" in message or "clock is 361 s" in message


async def test_a_proof_is_not_accepted_again_after_a_restart(installation: Installation, bob: KeyHolder) -> None:
    """The server remembers over its own end what it was shown, for as long as it could be shown again."""
    shown = bob.metadata()
    await let_in(installation, shown)
    await installation.restart()
    assert "shown before" in await refused(installation, shown)
    await let_in(installation, bob.metadata())


@pytest.mark.postgresql
async def test_a_proof_counts_once_at_all_servers(
    installation: Installation, bob: KeyHolder, postgresql_url: str
) -> None:
    """What one server was shown the others don't accept; while that can't be known nobody is let in with a proof."""
    mine, others = ShownOnce(postgresql_url), ShownOnce(postgresql_url)
    installation.proofs_once = mine.add
    await installation.restart()
    shown = bob.metadata()
    nonce = str(dict(shown)[PROOF_KEY]).split(".")[1]
    assert others.add(nonce, installation.clock.now().timestamp() + 3_600, installation.clock.now().timestamp())
    assert "shown before" in await refused(installation, shown)
    own = bob.metadata()
    await let_in(installation, own)
    nonce = str(dict(own)[PROOF_KEY]).split(".")[1]
    assert not others.add(nonce, installation.clock.now().timestamp() + 3_600, installation.clock.now().timestamp())
    for each in (mine, others):
        each.close()


async def test_nobody_is_let_in_while_the_database_is_away(installation: Installation, bob: KeyHolder) -> None:
    """Whether a proof was shown to another server can't be known: the worker tries again later."""

    def away(name: str, until: float, now: float) -> bool:
        raise StoreError("the connection is gone")

    installation.proofs_once = away
    await installation.restart()
    worker = RawWorker(installation.port, "bob", metadata=bob.metadata())
    code, _ = await status(worker.hear())
    await worker.close()
    assert code is grpc.StatusCode.UNAVAILABLE
