"""A self-signed certificate for the inbox's STARTTLS, made once and kept beside its messages.

Good for tests only: nobody vouches for it; clients are given the file as their authority. Not here: SMTP (``smtp``).
"""

import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE, KEY = "certificate.pem", "key.pem"
LIFETIME = timedelta(days=825)


def context_of(folder: Path, names: tuple[str, ...], now: datetime) -> ssl.SSLContext:
    """TLS 1.2 or newer with the folder's certificate for these names; made anew where none is there or it has ended."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _usable(folder, names, now):
        _make(folder, names, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    return context


def _usable(folder: Path, names: tuple[str, ...], now: datetime) -> bool:
    if not ((folder / CERTIFICATE).is_file() and (folder / KEY).is_file()):
        return False
    try:
        found = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return found.not_valid_after_utc > now.astimezone(UTC) and all(_name(name) in there for name in names)


def _make(folder: Path, names: tuple[str, ...], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(plain)
    (folder / CERTIFICATE).write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
