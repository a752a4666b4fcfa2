"""A domain's MTA-STS policy: the file over HTTPS, what it says, and whether it names the domain's mail servers.

The host of the file is resolved by the operator's resolver, and what was resolved is checked and connected to. No
redirect is followed (RFC 8461 section 3.3). Not here: the record in DNS (``domain_findings``).
Source: RFC 8461.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import httpcore2

from stagemail.mail import securing
from stagemail.mail.bounds import Bounds
from stagemail.mail.checked_http import CheckedBackend
from stagemail.mail.faults import Fault
from stagemail.mail.spf import Ask
from stagemail.model.egress import Egress

MODES: Final = ("enforce", "testing", "none")
LONGEST: Final = 31_557_600
"""Seconds that a policy may be kept, at most (section 3.2): a year."""
_SHORT: Final = 86_400
_WELL_KNOWN: Final = "/.well-known/mta-sts.txt"
Fetch = Callable[[Ask, str], str]
"""Gets a domain's policy file. Raises Fault."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a file says. ``fault``: why it does not count, "" where it does."""

    mode: str = ""
    max_age: int = 0
    mx: tuple[str, ...] = ()
    fault: str = ""

    def covers(self, host: str) -> bool:
        """Whether a mail server is named; ``*.`` stands for one label (section 4.1)."""
        known = host.lower().rstrip(".")
        return any(known == name or (name[:2] == "*." and known.partition(".")[2] == name[2:]) for name in self.mx)


def policy_of(text: str) -> Policy:
    """Read a policy file: lines of ``key: value`` (section 3.2). Keys that nobody knows are passed over."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        key, mark, value = line.partition(":")
        if not mark:
            return Policy(fault=f"a line without a colon: {line.strip()[:40]}")
        found.setdefault(key.strip(), []).append(value.strip())
    if found.get("version", [""])[0] != "STSv1":
        return Policy(fault="it does not say `version: STSv1`")
    mode, age = found.get("mode", [""])[0], found.get("max_age", [""])[0]
    if mode not in MODES:
        return Policy(fault=f"`mode: {mode[:20]}` is none of {', '.join(MODES)}" if mode else "`mode:` is missing")
    if not (age.isascii() and age.isdigit() and len(age) <= 8 and int(age) <= LONGEST):
        return Policy(fault=f"`max_age:` is no number of seconds up to {LONGEST}")
    hosts = tuple(name.lower().rstrip(".") for name in found.get("mx", []))
    if not hosts and mode != "none":
        return Policy(fault="it names no `mx:`")
    return Policy(mode, int(age), hosts)


def faults_of(policy: Policy, servers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is doubtful of a policy that counts, and what to do. ``servers``: the domain's mail servers."""
    if policy.mode == "none":
        return
    missing = [host for host in servers if not policy.covers(host)]
    if missing:
        then = "honouring senders do not deliver there" if policy.mode == "enforce" else "it would not deliver there"
        yield f"it does not name the mail server {', '.join(missing)}: {then}", "name every MX in the policy file"
    if policy.max_age < _SHORT:
        yield f"`max_age: {policy.max_age}` protects for less than a day", "a week is 604800"


def fetcher(egress: Egress, bounds: Bounds, context: ssl.SSLContext) -> Fetch:
    """Gets policy files within these rules and bounds, from hosts whose certificate ``context`` takes."""

    def fetch(ask: Ask, domain: str) -> str:
        host = f"mta-sts.{domain}"
        return _got(host, _routed(ask, host, egress), bounds, context)

    return fetch


def _routed(ask: Ask, host: str, egress: Egress) -> Egress:
    """The rules with the host's address as the operator's resolver gives it; a route of the operator's stands."""
    if f"{host}:443" in egress.routes:
        return egress
    answers = [ask(host, "A"), ask(host, "AAAA")]
    address = next((record for answer in answers for record in answer.records), "")
    if not address:
        reason = next((answer.reason for answer in answers if answer.reason), "it has no address")
        failed = any(answer.status == "failed" for answer in answers)
        code = "mta-sts-unreachable" if failed else "mta-sts-no-host"
        raise Fault(code, f"{host}: {reason}", "give the policy host an address", retry=failed)
    target = f"[{address}]:443" if ":" in address else f"{address}:443"
    return replace(egress, routes={**egress.routes, f"{host}:443": target})


def _got(host: str, egress: Egress, bounds: Bounds, context: ssl.SSLContext) -> str:
    headers = [
        (b"Host", host.encode()), (b"Accept", b"text/plain"), (b"Accept-Encoding", b"identity"),
        (b"User-Agent", b"stagemail"),
    ]  # fmt: skip
    limits = dict.fromkeys(("connect", "read", "write", "pool"), bounds.reply)
    with (
        _told(host),
        httpcore2.ConnectionPool(ssl_context=context, network_backend=CheckedBackend(egress, bounds)) as pool,
        pool.stream("GET", f"https://{host}{_WELL_KNOWN}", headers=headers, extensions={"timeout": limits}) as answer,
    ):
        if answer.status != 200:
            moved = "; redirects are not followed" if 300 <= answer.status < 400 else ""
            raise Fault(
                "mta-sts-status", f"{host} answers {answer.status}{moved}", f"serve the policy at {_WELL_KNOWN}"
            )
        body = b""
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) > bounds.body:
                raise Fault("mta-sts-oversized", f"{host} sends more than {bounds.body} bytes: aborted", "shorten it")
    return body.decode("utf-8", "replace")


@contextmanager
def _told(host: str) -> Iterator[None]:
    """What the library raises, as a fault; none of its texts are shown."""
    try:
        yield
    except httpcore2.ConnectError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ssl.SSLError):
            raise securing.fault_of(cause, host, {}) from None
        raise _unreachable(f"{host} cannot be reached") from None
    except (httpcore2.TimeoutException, TimeoutError):
        raise _unreachable(f"{host} took too long") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
        raise _unreachable(f"{host} broke off its answer") from None


def _unreachable(cause: str) -> Fault:
    return Fault("mta-sts-unreachable", cause, "check the policy host, and the way there from this machine")
