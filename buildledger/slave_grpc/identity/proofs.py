"""Proofs of possession: a copied bearer credential is of no use without the key that it is bound to.

A proof is the metadata `buildledger-proof: <seconds>.<nonce>.<signature>`; docs/protocol.md says what is signed. It
protects credentials where TLS ends at a proxy, whose log may hold them.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from buildledger.clock import Clock
from buildledger.ledger.expiring_names import ExpiringNames
from buildledger.slave_grpc.identity.keys import is_signed

PROOF_KEY = "buildledger-proof"
SKEW = timedelta(minutes=5)
"""How far a worker's clock may be off."""
REMEMBERED_MAX = 100_000
"""Most nonces remembered so that each proof counts once; the oldest are dropped first."""

_FORM = re.compile(r"(?P<seconds>\d{1,12})\.(?P<nonce>[A-Za-z0-9_-]{16,64})\.(?P<signature>[A-Za-z0-9_-]{1,1024})")


class ProofError(Exception):
    """The caller didn't prove that it holds its key; the text says what is wrong with the proof."""


CountsOnce = Callable[[str, float, float], bool]
"""Remembers a name, which no server has heard before, until a time, given the present one; both in seconds. Blocks."""


class ProofChecker:
    """Checks proofs, and remembers each for as long as it could be replayed, over a restart of the server as well."""

    def __init__(self, clock: Clock, seen: Path | None = None, once: CountsOnce | None = None) -> None:
        """`seen`: the file in which proofs that were shown are remembered; `once`: where all servers do so."""
        self._clock = clock
        self._once = once
        self._seen = ExpiringNames(seen, clock.now().timestamp(), REMEMBERED_MAX)

    async def check(self, public_key: str, bearer: str, metadata: Iterable[tuple[str, str | bytes]]) -> None:
        """Check the proof beside a bearer credential in a call's metadata.

        Raises:
            ProofError: It is missing, malformed, wrongly signed, too old or too new, or was shown before.
            StoreError: Whether another server was shown it can't be known: the database is away.
        """
        shown = next((value for key, value in metadata if key == PROOF_KEY), None)
        if shown is None:
            raise ProofError(
                f"the credential is bound to the worker's key, and the call has no {PROOF_KEY}: update the worker"
            )
        form = _FORM.fullmatch(shown) if isinstance(shown, str) else None
        if form is None:
            raise ProofError(f"{PROOF_KEY} has another form than seconds.nonce.signature")
        if not is_signed(public_key, _decoded(form["signature"]), signed_text(bearer, form["seconds"], form["nonce"])):
            raise ProofError("the proof isn't signed by the key that the credential is bound to")
        self._check_time(int(form["seconds"]))
        await self._check_nonce(form["nonce"])

    def _check_time(self, seconds: int) -> None:
        ahead = seconds - self._clock.now().timestamp()
        if abs(ahead) > SKEW.total_seconds():
            direction = "ahead of" if ahead > 0 else "behind"
            raise ProofError(
                f"the worker's clock is {abs(ahead):.0f} s {direction} the server's, or the proof is an old one:"
                " set the clocks of both by NTP"
            )

    async def _check_nonce(self, nonce: str) -> None:
        now = self._clock.now().timestamp()
        until = now + 2 * SKEW.total_seconds()
        is_first = self._seen.add(nonce, until, now)
        if is_first and self._once is not None:
            is_first = await asyncio.to_thread(self._once, nonce, until, now)
        if not is_first:
            raise ProofError("the proof was shown before: each call needs one of its own")


def signed_text(bearer: str, seconds: str, nonce: str) -> bytes:
    """The text that a proof's signature is over."""
    return f"buildledger-proof-v1\n{bearer}\n{seconds}\n{nonce}".encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise ProofError("the proof's signature isn't base64url") from None
