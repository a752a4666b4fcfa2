"""What an address, a host, a token URL and a platform's domain are: the formats that JSON Schema only names.

One definition, registered in every validator (``source.schema``, ``source.explain``) and used by the models.
Not here: regular expressions that a schema can state by itself (``text``), DNS (nothing here ever asks the network).
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import idna

from stagemail.model.email import route_in

ADDRESS: Final = "stagemail-mailbox-address"
HOST: Final = "stagemail-host"
TOKEN_URL: Final = "stagemail-token-url"  # noqa: S105 - the name of a format
DOMAIN: Final = "stagemail-domain"

_LABEL = r"(?!-)(?!..--)[A-Za-z0-9-]{1,63}(?<!-)"
_PLAIN_ADDRESS = re.compile(
    rf"(?=[^@]{{1,64}}@)(?=.{{3,254}}\Z)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    rf"@(?:{_LABEL}\.)+(?:com|net|org|edu|gov|eu|uk|de|fr|nl|pt|es|it|ch|at|io|dev|example)"
)
"""Addresses that need no second look: a test proves that email-validator accepts every one of them."""
_PLAIN_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}")
_PORT = re.compile(r"[0-9]{1,5}")


def address_fault(text: str) -> str:
    """Why this is no mailbox address (RFC 5321, 4.1.2); "" where it is one. No DNS is asked."""
    return "" if _PLAIN_ADDRESS.fullmatch(text) else _other_address_fault(text)


@lru_cache(maxsize=4096)
def _other_address_fault(text: str) -> str:
    """Of an address that needs a second look. Plain ones are not kept: a hundred thousand of them would be."""
    if "<" in text or ">" in text:
        return "write only the address here, and the display name in `name:`"
    if refused := route_in(text) or _refusal(text):
        return refused
    return "" if "." in text.rpartition("@")[2] else "the part after the @-sign needs a period"


def _refusal(address: str) -> str:
    # It takes as long to load as a hundred documents to judge, and nearly no address needs it.
    import email_validator  # noqa: PLC0415

    # The library refuses .local for not being deliverable world-wide; relays inside companies use it all the time.
    # Removing it from this list is the way that email-validator documents.
    if "local" in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        email_validator.SPECIAL_USE_DOMAIN_NAMES.remove("local")
    try:
        email_validator.validate_email(address, check_deliverability=False, test_environment=True, strict=True)
    except email_validator.EmailNotValidError as error:
        return str(error).rstrip(".")
    return ""


@lru_cache(maxsize=4096)
def host_fault(text: str) -> str:
    """Why this is neither a host name (RFC 1123, RFC 5891) nor an IP address; "" where it is one."""
    if _PLAIN_HOST.fullmatch(text):
        return ""
    if "://" in text:
        return "leave out the scheme: write only the name, as in `smtp.example.com`"
    if not text or re.search(r"[\s/@_]", text):
        return "a host name has letters, digits, hyphens and periods only"
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _name_fault(text)
    return "leave out the zone of the address" if "%" in text else ""


def _name_fault(text: str) -> str:
    if ":" in text:
        return "write the port in `port:`, and an IPv6 address without brackets"
    if re.fullmatch(r"[0-9.]+", text):
        return "these digits are no IPv4 address"
    if re.search("[\u3002\uff0e\uff61]", text):  # idna takes other scripts' full stops for periods
        return "write the periods of ASCII"
    try:
        idna.encode(text.lower())  # without UTS 46, which would drop what nobody can see
    except idna.IDNAError:
        return "it has no valid form in DNS (letters, digits, hyphens and periods; at most 63 in each part)"
    return "leave out the period at the end" if text.endswith(".") else ""


def is_loopback(host: str) -> bool:
    """Whether a host never leaves this machine: ``localhost`` and the loopback addresses."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@lru_cache(maxsize=4096)
def token_url_fault(text: str) -> str:
    """Why this is no token endpoint (RFC 6749, 3.2: TLS is required, no fragment); "" where it is one."""
    return _url_fault(text)


def _url_fault(text: str) -> str:
    if re.search(r"[\x00-\x20\x7f-\x9f\\]", text):
        return "a URL has no blanks, backslashes or control characters"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "this is no URL"
    if parts.scheme not in {"https", "http"} or not host:
        return "write a full URL that begins with https://"
    if parts.scheme == "http" and not is_loopback(host):
        return "only https:// is safe for credentials (http:// is accepted for a loopback host)"
    if "@" in parts.netloc or parts.fragment:
        return "leave out user, password and fragment"
    return host_fault(host)


@lru_cache(maxsize=1024)
def domain_fault(text: str) -> str:
    """Why this is no platform domain: ``host``, ``host:port``, or ``http://`` before a loopback host; "" if it is."""
    if "://" in text:
        fault = "leave out https://, it is always meant" if text.lower().startswith("https:") else _url_fault(text)
        return fault or ("leave out path and query" if urlsplit(text).path.strip("/") or "?" in text else "")
    host, colon, port = text.rpartition(":")
    if not colon:
        return host_fault(text)
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535:
        return "the port after the colon is no number from 1 to 65535"
    return host_fault(host)


FAULTS: Final[Mapping[str, Callable[[str], str]]] = {
    ADDRESS: address_fault,
    HOST: host_fault,
    TOKEN_URL: token_url_fault,
    DOMAIN: domain_fault,
}
"""Every format of ours by name, as a function that says what is wrong, or "" where nothing is."""

NOUNS: Final[Mapping[str, str]] = {
    ADDRESS: "an email address",
    HOST: "a host name or IP address",
    TOKEN_URL: "a token URL",
    DOMAIN: "a domain of the platform",
    "date": "a date (YYYY-MM-DD)",
}
"""What people call each format."""
