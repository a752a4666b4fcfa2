"""Certificates for test servers: good ones of an authority of our own, and the wrong ones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odc_emulator.certificates import _authority, ensure_certificates

__all__ = ["NAME", "ended", "ensure_certificates", "self_signed"]
NAME = "smtp.example.com"


def ended(directory: Path, days: int = -1) -> Path:
    """Certificate and key in one file: of our authority, and it ends in so many days."""
    authority, signer = _authority(directory)
    return _written(directory / f"ends-in-{days}.pem", authority.subject, signer, days)


def self_signed(directory: Path) -> Path:
    """Certificate and key in one file: signed by itself."""
    return _written(directory / "self-signed.pem", None, None, 90)


def _written(path: Path, issuer: x509.Name | None, signer: ec.EllipticCurvePrivateKey | None, days: int) -> Path:
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
    builder = builder.public_key(own.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=days, hours=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    if signer is not None:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(identifier, critical=False)
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key + builder.sign(signer or own, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path
