"""TLS with a mail server: what was agreed on, which certificate it showed, and in words why a handshake failed.

Certificates are verified against the system's authorities and the operator's; TLS 1.2 is the least.
Not here: when TLS begins (``conversation``).
Sources: RFC 8314 section 4.1 (TLS 1.2 or better), OpenSSL's verify codes (x509_vfy.h).
"""

import errno
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from stagemail.errors import UsageError
from stagemail.mail.faults import Fault
from stagemail.model.probe import Fact

SOON: Final = 21
"""Days before its end from which on a certificate is warned about."""
_NO_CHECK_TIME: Final = 0x200000
_CODES: Final[Mapping[int, tuple[str, str, str]]] = {
    9: ("certificate-not-yet", "its certificate is not valid yet", "check this machine's clock, then the server's"),
    10: ("certificate-expired", "its certificate has expired", "have the server's certificate renewed"),
    18: ("certificate-self-signed", "its certificate is signed by itself", ""),
    19: ("certificate-unknown-authority", "nobody here knows the authority that signed its certificate", ""),
    20: ("certificate-unknown-authority", "nobody here knows the authority that signed its certificate", ""),
    21: ("certificate-unknown-authority", "nobody here knows the authority that signed its certificate", ""),
    62: ("certificate-other-name", "its certificate is for another name", ""),
    64: ("certificate-other-name", "its certificate is for another address", ""),
}
_TRUST: Final = "if it is your own authority, name its file in `mail.caFile` of the operator file"
_OLD: Final = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_VERSION_NUMBER_OLD")


@lru_cache(maxsize=8)
def context_of(ca_file: Path | None) -> ssl.SSLContext:
    """TLS as a client; made once, because reading the authorities takes tens of milliseconds. Raises UsageError."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            hint = "`mail.caFile` must be a readable file with certificates in PEM format"
            raise UsageError(f"{ca_file}: no certificate authority can be read from it", hint=hint) from None
    return context


def any_context() -> ssl.SSLContext:
    """TLS with whoever answers, only to look at a certificate that was refused: nothing is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def anchored_context(certificate: bytes) -> ssl.SSLContext:
    """TLS in which exactly this certificate (DER) passes, so that the library reads it; for looking only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    context.load_verify_locations(cadata=certificate)
    return context


def agreed(tls: ssl.SSLSocket, now: datetime) -> dict[str, Fact]:
    """Protocol, cipher and the certificate of an encrypted connection."""
    cipher = tls.cipher()
    return {
        "protocol": tls.version() or "",
        "cipher": cipher[0] if cipher else "",
        **certificate_facts(tls.getpeercert() or {}, now),
    }


def certificate_facts(certificate: Mapping[str, Any], now: datetime) -> dict[str, Fact]:
    """Issuer, names, end and days left of a certificate as the ssl module reads it."""
    if not certificate:
        return {}
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    names = tuple(str(value) for _, value in certificate.get("subjectAltName", ()))
    return {
        "issuer": _name(certificate.get("issuer", ())),
        "subject": _name(certificate.get("subject", ())),
        "names": names,
        "notAfter": end.isoformat(),
        "daysLeft": (end - now).days,
    }


def fault_of(error: OSError, name: str, facts: Mapping[str, Fact]) -> Fault:
    """Why a handshake failed, in words; ``facts`` are of the certificate, where it could be looked at."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_fault(error, name, facts)
    if isinstance(error, TimeoutError):
        return Fault("tls-timeout", "the server does not finish its TLS handshake", "try again", retry=True)
    reason = (getattr(error, "reason", None) or "") if isinstance(error, ssl.SSLError) else ""
    if reason in _OLD:
        return Fault(
            "tls-too-old",
            "the server speaks no TLS 1.2 or newer",
            "have TLS 1.2 switched on there; older versions are broken (RFC 8996)",
        )
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return Fault(
            "tls-not-spoken",
            "what answers there does not speak TLS from the first byte",
            "write `security: starttls` for port 587 and 25; 465 is for tls",
        )
    if isinstance(error, ConnectionError | ssl.SSLEOFError) or error.errno == errno.ENOTCONN:
        return Fault(
            "tls-broken-off",
            "the server breaks off the TLS handshake",
            "try again; a firewall on the way may do so, or a server that wants other TLS settings (RFC 9325)",
            retry=True,
        )
    words = reason.replace("_", " ").lower() or (error.strerror or type(error).__name__).lower()
    return Fault(
        "tls-failed",
        f"the TLS handshake failed: {words}",
        "compare the server's TLS settings with RFC 9325",
        retry=True,
    )


def injected() -> Fault:
    """Bytes came between STARTTLS and TLS (CVE-2011-0411)."""
    return Fault(
        "bytes-before-tls",
        "the server (or somebody on the way) sent more after its reply to STARTTLS: aborted",
        "somebody may be tampering with this connection; look at what lies between here and the server",
    )


def _certificate_fault(error: ssl.SSLCertVerificationError, name: str, facts: Mapping[str, Fact]) -> Fault:
    known = _CODES.get(error.verify_code)
    if known is None:
        return Fault(
            "certificate-refused", f"its certificate is refused: {error.verify_message.lower()}", _TRUST, facts=facts
        )
    code, cause, advice = known
    names = facts.get("names", ())
    if code == "certificate-other-name":
        listed = ", ".join(names) if isinstance(names, tuple) and names else "names it does not tell"
        cause = f"{cause} than {name}: {listed}"
        advice = "write one of these names as `server.host`, or have the certificate reissued"
    if code == "certificate-expired" and "notAfter" in facts:
        cause = f"{cause} on {str(facts['notAfter'])[:10]}"
    return Fault(code, cause, advice or _TRUST, facts=facts)


def _name(parts: Any) -> str:
    """A distinguished name's common name, else its organization."""
    found = {str(key): str(value) for part in parts for key, value in part}
    return found.get("commonName") or found.get("organizationName") or ""
