"""Certificates and keys for `toll sign`: read, and refused with a reason if they cannot sign."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from toll.problems import Problem, Problems, Where

if TYPE_CHECKING:
    from c2pa import Signer
    from cryptography.x509 import Certificate

CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


def signer(certificate: Path, key: Path, timestamps: str | None) -> tuple[Signer, str]:
    """The signer for a chain of certificates and its key, and the name on the certificate. Raises Problems."""
    from c2pa import C2paError, C2paSignerInfo, Signer

    chain, leaf = _certificates(certificate, "--certificate")
    secret, algorithm = _key(key, leaf)
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if not first <= datetime.now(UTC) <= last:
        message = f"The certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d} only."
        raise _refused(certificate, "--certificate", message, "Renew it.")
    try:
        info = C2paSignerInfo(algorithm, chain, secret, timestamps)
        return Signer.from_info(info), leaf.subject.rfc4514_string()
    except C2paError as error:
        hint = "It takes a chain of certificates for signing documents, the signer’s first."
        raise _refused(certificate, "--certificate", f"The certificate cannot sign ({error}).", hint) from None


def roots(file: Path) -> str:
    """The root certificates in a PEM file. Raises Problems."""
    return _certificates(file, "--trust")[0].decode()


def _certificates(file: Path, option: str) -> tuple[bytes, Certificate]:
    """The certificates in a file as they are, and the first of them."""
    from cryptography.x509 import load_pem_x509_certificates

    content = _read(file, option)
    try:
        return content, load_pem_x509_certificates(content)[0]
    except ValueError:
        raise _refused(file, option, "The file has no certificate in PEM.", "Check the path.") from None


def _key(file: Path, certificate: Certificate) -> tuple[bytes, str]:
    """A private key as it is, and the algorithm it signs with."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    secret = _read(file, "--key")
    try:
        private = serialization.load_pem_private_key(secret, password=None)
    except TypeError:
        hint = "Save a copy without a passphrase to sign with."
        raise _refused(file, "--key", "The key has a passphrase.", hint) from None
    except ValueError:
        raise _refused(file, "--key", "The file has no private key in PEM.", "Check the path.") from None
    if private.public_key() != certificate.public_key():
        hint = "Give the key of the first certificate of the chain."
        raise _refused(file, "--key", "The key belongs to another certificate.", hint)
    match private:
        case ec.EllipticCurvePrivateKey() if private.curve.name in CURVES:
            return secret, CURVES[private.curve.name]
        case rsa.RSAPrivateKey():
            return secret, "ps256"
        case ed25519.Ed25519PrivateKey():
            return secret, "ed25519"
    hint = "Ask for ECDSA (P-256, P-384, P-521), RSA or Ed25519."
    raise _refused(file, "--key", "C2PA does not allow this kind of key.", hint)


def _read(file: Path, option: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _refused(file, option, f"{error.strerror or error}.", "Check the path.") from None


def _refused(file: Path, option: str, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(str(file), column=option), message, f"{hint} Nothing was written.")])
