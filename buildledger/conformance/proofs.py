"""Whether a worker proves that it holds the key which its credential is bound to, as docs/protocol.md says."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

SKEW_SECONDS = 300

_FORM = re.compile(r"(?P<seconds>\d{1,12})\.(?P<nonce>[A-Za-z0-9_-]{16,64})\.(?P<signature>[A-Za-z0-9_-]+)")


class Proofs:
    """Remembers for which keys credentials were issued, and which proofs were shown."""

    def __init__(self) -> None:
        self._keys: dict[str, ec.EllipticCurvePublicKey | rsa.RSAPublicKey] = {}
        self._shown: set[str] = set()

    def bind(self, bearer: str, request_der: bytes) -> None:
        """A credential was issued for a request; an empty one binds it to no key."""
        if request_der:
            key = x509.load_der_x509_csr(request_der).public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
            self._keys[bearer] = key

    def flaw(self, bearer: str, metadata: Mapping[str, str]) -> str | None:
        """What is wrong with the proof in a call's metadata; None if nothing is, or none is needed."""
        key = self._keys.get(bearer)
        if key is None:
            return None
        proof = metadata.get("buildledger-proof")
        if proof is None:
            return "the credential is bound to a key, and the call has no buildledger-proof"
        form = _FORM.fullmatch(proof)
        if form is None:
            return "buildledger-proof isn't seconds.nonce.signature"
        if abs(int(form["seconds"]) - time.time()) > SKEW_SECONDS:
            return "buildledger-proof is from another time"
        if form["nonce"] in self._shown:
            return "buildledger-proof was shown before: each call needs one of its own"
        self._shown.add(form["nonce"])
        text = f"buildledger-proof-v1\n{bearer}\n{form['seconds']}\n{form['nonce']}"
        return None if _has_signed(key, form["signature"], text.encode()) else "buildledger-proof has a wrong signature"


def _has_signed(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, signature: str, text: bytes) -> bool:
    try:
        signed = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signed, text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
