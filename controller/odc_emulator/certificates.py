"""A certificate authority of one's own and a server certificate from it, for the mail sink's TLS.

Made anew only where none lies there; valid for ten years because it is good for nothing but tests.
"""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=3650)
AUTHORITY = "ca.pem"


def ensure_certificates(directory: Path, hostname: str) -> tuple[Path, Path]:
    """Certificate and key for `hostname` in `directory`, with `ca.pem` beside them; returns both paths."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate, key = directory / f"{hostname}.pem", directory / f"{hostname}.key"
    if not (certificate.exists() and key.exists()):
        authority, signer = _authority(directory)
        own = ec.generate_private_key(ec.SECP256R1())
        _write_key(key, own)
        certificate.write_bytes(_server(hostname, own.public_key(), authority, signer))
    return certificate, key


def _authority(directory: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate, key = directory / AUTHORITY, directory / "ca.key"
    if certificate.exists() and key.exists():
        loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            message = f"{key}: not a key of this emulator; remove it and {certificate} to have new ones made"
            raise ValueError(message)
        return x509.load_pem_x509_certificate(certificate.read_bytes()), loaded
    signer = ec.generate_private_key(ec.SECP256R1())
    name = _name("odc-emulator test authority")
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, name, signer.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    made = builder.add_extension(_identifier(signer.public_key()), critical=False).sign(signer, hashes.SHA256())
    _write_key(key, signer)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made, signer


def _server(
    hostname: str, key: ec.EllipticCurvePublicKey, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey
) -> bytes:
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = _builder(_name(hostname), authority.subject, key)
    builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(hostname)]), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(issuer_key, critical=False).add_extension(_identifier(key), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _alternative(hostname: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + LIFETIME)


def _identifier(key: ec.EllipticCurvePublicKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
