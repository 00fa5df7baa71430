"""Shows that the worker holds the key that its bearer credential is bound to, in the metadata of each call."""

import base64
import secrets
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from buildledger.worker.transport.credential import StoredCredential

_NONCE_BYTES = 16


def proof_of(credential: StoredCredential) -> str:
    """A fresh proof, good for one call in the minutes around it."""
    seconds, nonce = str(int(time.time())), _base64url(secrets.token_bytes(_NONCE_BYTES))
    key = serialization.load_pem_private_key(credential.private_key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    message = f"buildledger-proof-v1\n{credential.bearer}\n{seconds}\n{nonce}"
    signature = key.sign(message.encode("ascii"), ec.ECDSA(hashes.SHA256()))
    return f"{seconds}.{nonce}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
