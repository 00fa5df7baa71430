"""Workers' public keys: which are accepted, how facts store them, and whether one has signed a text."""

import base64

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

RSA_MIN_BITS = 2048
CURVES = (ec.SECP256R1, ec.SECP384R1)

WorkerKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class BadRequestError(Exception):
    """A worker's certificate request can't be granted; the text says why."""


def requested_key(request_der: bytes) -> WorkerKey:
    """The key that a PKCS#10 request in DER is for, and that has signed it.

    Raises:
        BadRequestError: It is no such request, or its key is of a kind that isn't accepted.
    """
    try:
        request = x509.load_der_x509_csr(request_der)
        key, sound = request.public_key(), request.is_signature_valid
    except (ValueError, TypeError) as error:
        raise BadRequestError(f"csr_der isn't a PKCS#10 request in DER: {error}") from None
    if not sound:
        raise BadRequestError("csr_der isn't signed by the key that it names")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_MIN_BITS:
        return key
    raise BadRequestError(f"csr_der is for a key that isn't taken: use P-256, P-384 or RSA of {RSA_MIN_BITS} bits")


def as_text(key: WorkerKey) -> str:
    """A key as facts store it: SubjectPublicKeyInfo in base64."""
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(encoded).decode()


def is_signed(text: str, signature: bytes, message: bytes) -> bool:
    """Whether the key in `text` (see `as_text`) has signed a message: ECDSA, or RSA PKCS#1 1.5, with SHA-256."""
    key = serialization.load_der_public_key(base64.b64decode(text))
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey():
                key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True
