"""The sender's domain itself, and what it says of mail that comes back: MX, MTA-STS, TLS reports, BIMI as findings.

Sources: RFC 5321 section 5.1, RFC 7505 (null MX), RFC 8461 (MTA-STS), RFC 8460 (TLS reports), RFC 5891 (IDN).
"""

import re
from collections.abc import Iterator

from stagemail.mail.faults import Fault
from stagemail.mail.literal import is_address
from stagemail.mail.mta_sts import Fetch, faults_of, policy_of
from stagemail.mail.spf import Ask
from stagemail.mail.tags import tags_of
from stagemail.model.probe import Fact
from stagemail.model.sender import CheckName, Finding

_STS = "https://www.rfc-editor.org/rfc/rfc8461#section-3.2"
_THEIRS = frozenset({"mta-sts-no-host", "mta-sts-status", "mta-sts-oversized", "tls-too-old"})
"""Faults of the policy's host that every sender meets; others may be of the way from here."""
_SERVERS = 5
"""Mail servers of the domain whose addresses are looked up, at most."""
_AGAIN = "ask again, or give another resolver (`dns.nameservers` in the operator file)"


def domain_findings(ask: Ask, domain: str) -> Iterator[Finding]:
    """Whether the domain is there and takes the answers to its mail."""
    answer = ask(domain, "MX")
    if answer.status == "failed":
        yield Finding("domain", "not-checked", "domain-no-answer", f"{domain}: {answer.reason}", _AGAIN, retry=True)
    elif answer.status == "no-domain":
        yield Finding(
            "domain", "failed", "no-such-domain", f"{domain} does not exist: receivers refuse its mail",
            "correct `sender.address`, or register the domain",
        )  # fmt: skip
    elif answer.status == "no-data":
        yield _without_mx(ask, domain)
    else:
        yield from _servers(ask, domain, answer.records)


def _without_mx(ask: Ask, domain: str) -> Finding:
    found = [ask(domain, "A"), ask(domain, "AAAA")]
    if any(one.records for one in found):
        return Finding(
            "domain", "warned", "no-mx", f"{domain} has an address and no MX: replies and bounces go to that host",
            "publish an MX record, or a null MX where nothing is to come back",
        )  # fmt: skip
    if any(one.status == "failed" for one in found):
        return Finding("domain", "not-checked", "domain-no-answer", f"{domain}: no answer", _AGAIN, retry=True)
    return Finding(
        "domain", "failed", "no-mail-host", f"{domain} has neither MX nor address: receivers refuse its mail",
        "publish an MX record",
    )  # fmt: skip


def _servers(ask: Ask, domain: str, records: tuple[str, ...]) -> Iterator[Finding]:
    hosts = [record.partition(" ")[2] for record in records]
    if hosts == ["."]:
        yield Finding(
            "domain", "failed", "null-mx", f"{domain} says that it takes no mail (null MX): receivers refuse its mail",
            "send from a domain that takes answers", "https://www.rfc-editor.org/rfc/rfc7505#section-4.2",
        )  # fmt: skip
        return
    if "." in hosts:
        yield Finding(
            "domain", "warned", "null-mx", f"{domain} has a null MX beside other MX records: senders may give up",
            "take the null MX out", "https://www.rfc-editor.org/rfc/rfc7505#section-3",
        )  # fmt: skip
        hosts.remove(".")
    numbers = [host for host in hosts if is_address(host)]
    if numbers:
        yield Finding(
            "domain", "failed", "mx-without-address", f"the MX of {domain} is an address ({', '.join(numbers)})",
            "write the mail server's name: an MX record takes no address", "https://www.rfc-editor.org/rfc/rfc5321#section-5.1",
        )  # fmt: skip
        return
    gone = [host for host in hosts[:_SERVERS] if all(ask(host, kind).is_void for kind in ("A", "AAAA"))]
    if gone:
        yield Finding(
            "domain", "warned" if len(gone) < len(hosts) else "failed", "mx-without-address",
            f"the mail server {', '.join(gone)} of {domain} has no address", "correct the MX record",
        )  # fmt: skip
    else:
        yield Finding("domain", "passed", "mx", f"{domain} takes mail at {', '.join(hosts[:_SERVERS])}")


def extra_findings(ask: Ask, domain: str, fetch: Fetch | None) -> Iterator[Finding]:
    """Optional records: for mail that comes to the domain, and for its logo."""
    record = _optional(ask, "mta-sts", f"_mta-sts.{domain}", "STSv1", "id")
    yield record
    if record.status == "passed" and fetch is not None:
        yield from _policy(ask, domain, fetch)
    yield _optional(ask, "tls-rpt", f"_smtp._tls.{domain}", "TLSRPTv1", "rua")
    yield _optional(ask, "bimi", f"default._bimi.{domain}", "BIMI1", "l")


def _optional(ask: Ask, check: CheckName, name: str, version: str, needed: str) -> Finding:
    answer = ask(name, "TXT")
    if answer.status == "failed":
        return Finding(check, "not-checked", f"{check}-no-answer", f"{name}: {answer.reason}", _AGAIN, retry=True)
    records = [text for text in answer.records if text.replace(" ", "").startswith(f"v={version}")]
    if not records:
        return Finding(check, "absent", f"{check}-absent", f"no record at {name} (optional)")
    tags = tags_of(records[0])
    if len(records) > 1 or tags is None or needed not in tags:
        why = f"{len(records)} records" if len(records) > 1 else f"`{needed}=` is missing or the list is broken"
        return Finding(check, "warned", f"{check}-syntax", f"{name}: {why}, so it does not count", "correct it")
    if check == "mta-sts" and not re.fullmatch(r"[A-Za-z0-9]{1,32}", tags["id"]):
        return Finding(
            check, "warned", f"{check}-syntax", f"{name}: `id={tags['id'][:40]}` is not up to 32 letters and digits",
            "correct it, and change it with each new policy",
        )  # fmt: skip
    if check == "bimi" and tags["l"] and not tags["l"].lower().startswith("https://"):
        said = f"{name}: `l={tags['l'][:60]}` is no https address, so no logo is shown"
        return Finding(check, "warned", f"{check}-syntax", said, "write the logo's https address")
    more = " and says that there is no logo" if check == "bimi" and not tags["l"] else ""
    return Finding(check, "passed", check, f"{name} is well-formed{more}", facts={"record": records[0]})


def _policy(ask: Ask, domain: str, fetch: Fetch) -> Iterator[Finding]:
    """What the policy file of MTA-STS says. It is about mail *to* the domain: replies and bounces."""
    try:
        policy = policy_of(fetch(ask, domain))
    except Fault as fault:
        told = f"its policy was not fetched: {fault.cause}"
        if fault.code in _THEIRS or fault.code.startswith("certificate-"):
            yield Finding("mta-sts", "warned", "mta-sts-policy-refused", told, fault.next_step, _STS)
        else:
            code = "mta-sts-policy-unreachable"
            yield Finding("mta-sts", "not-checked", code, told, fault.next_step, _STS, retry=fault.retry)
        return
    if policy.fault:
        said = f"its policy does not count: {policy.fault}"
        yield Finding("mta-sts", "warned", "mta-sts-policy-syntax", said, "correct mta-sts.txt", _STS)
        return
    facts: dict[str, Fact] = {"mode": policy.mode, "maxAge": policy.max_age, "mx": policy.mx}
    servers = [host for record in ask(domain, "MX").records if (host := record.partition(" ")[2]) != "."]
    doubts = list(faults_of(policy, servers))
    for text, step in doubts:
        yield Finding("mta-sts", "warned", "mta-sts-policy-gap", f"its policy: {text}", step, _STS, facts)
    if not doubts:
        yield Finding("mta-sts", "passed", "mta-sts-policy", f"its policy is in mode {policy.mode}", facts=facts)
