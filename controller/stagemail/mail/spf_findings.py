"""SPF as findings: the policy of the envelope's domain, and whether it permits the relay (RFC 7208).

Not here: evaluating (``spf``), whether SPF aligns with the sender (``alignment``).
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from stagemail.mail.providers import Provider
from stagemail.mail.spf import Ask, Policy, SpfError, Verdict, check_host, policy_of
from stagemail.model.sender import Finding, FindingStatus, SenderQuestion

_LIMITS = "https://www.rfc-editor.org/rfc/rfc7208#section-4.6.4"
_INSIDE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
                 "fe80::/10")
)  # fmt: skip
"""Addresses that nobody outside sees (RFC 1918, RFC 6598, RFC 3927, RFC 4193)."""
_STEPS = {
    "spf-several": "merge them into one record",
    "spf-syntax": "correct the record: as it is, receivers answer permerror and nothing is permitted",
    "spf-too-many-lookups": "take out what nobody sends from, or write addresses (ip4, ip6) in place of includes",
    "spf-too-many-voids": "take out the names that do not exist any more",
    "spf-loop": "take one of these includes out",
    "spf-include-none": "take the include out, or correct its name",
    "spf-no-answer": "ask again, or give another resolver (`dns.nameservers` in the operator file)",
}


def spf_findings(ask: Ask, asked: SenderQuestion, domain: str, provider: Provider | None) -> Iterator[Finding]:
    """Every finding on the envelope's domain. The last word on the relay comes last."""
    try:
        policy = policy_of(ask, domain)
    except SpfError as error:
        yield _broken(error)
        return
    if policy is None:
        yield Finding(
            "spf", "failed", "spf-missing", f"{domain} has no SPF record, so it permits no relay",
            f"publish a TXT record at {domain}: {_wanted(provider)}",
        )  # fmt: skip
        return
    yield from _ending(policy, domain)
    sends = provider.sends if provider else None
    if sends is None:
        yield from _private(ask, asked, domain)
    elif domain == sends.envelope or sends.include in policy.uses:
        told = f"{domain} permits {provider.name if provider else ''}: {policy.lookups} of 10 look-ups used"
        yield Finding("spf", "passed", "spf-provider-permitted", told, source=sends.source, facts=_facts(policy))
    else:
        include = f"include:{sends.include}"
        there = sends.include in policy.named
        why = f"{include} counts only with no sign (or +) and before `all`" if there else f"its policy lacks {include}"
        step = f"write {include} so" if there else f"add {include} before `all`"
        yield Finding(
            "spf", "failed", "spf-provider-missing", f"{domain} does not permit the relay: {why}",
            step + (f"; {sends.note}" if sends.note else ""), sends.source, _facts(policy),
        )  # fmt: skip


def _wanted(provider: Provider | None) -> str:
    what = f"include:{provider.sends.include}" if provider and provider.sends else "ip4:ADDRESS-OF-THE-RELAY"
    return f'"v=spf1 {what} ~all"'


def _facts(policy: Policy) -> dict[str, str | int]:
    return {"record": policy.record, "lookups": policy.lookups, "voids": policy.voids}


def _broken(error: SpfError) -> Finding:
    status: FindingStatus = "not-checked" if error.verdict == "temperror" else "failed"
    # Look-ups are counted over the whole policy; a receiver that finds its match before the limit stops there.
    who = "receivers that find no match before answer" if "too-many" in error.code else "receivers answer"
    message = f"{error}" if status == "not-checked" else f"{error}: {who} permerror"
    return Finding(
        "spf", status, error.code, message, _STEPS[error.code], _LIMITS if "too-many" in error.code else "",
        {"verdict": error.verdict}, retry=status == "not-checked",
    )  # fmt: skip


def _ending(policy: Policy, domain: str) -> Iterator[Finding]:
    if policy.end == "+":
        yield Finding(
            "spf", "failed", "spf-permits-anyone", f"{domain} ends with +all: anybody may send as it",
            "write ~all or -all", facts=_facts(policy),
        )  # fmt: skip
    elif policy.end in ("", "?"):
        said = "?all" if policy.end else "no `all` at all"
        yield Finding(
            "spf", "warned", "spf-neutral", f"{domain} ends with {said}: it says nothing of other senders",
            "write ~all or -all once every sender is in it", facts=_facts(policy),
        )  # fmt: skip
    if policy.ptr:
        yield Finding(
            "spf", "warned", "spf-ptr", f"{domain} uses ptr, which receivers need not look at",
            "write addresses (ip4, ip6) in its place", "https://www.rfc-editor.org/rfc/rfc7208#section-5.5",
        )  # fmt: skip


def _private(ask: Ask, asked: SenderQuestion, domain: str) -> Iterator[Finding]:
    addresses, reason, retry = _addresses(ask, asked)
    if not addresses:
        yield Finding(
            "spf", "not-checked", "spf-address-unknown", f"not checked whether {domain} permits the relay: {reason}",
            f"name what it sends from in the operator file: `dns: {{relays: {{{asked.relay}: [ADDRESS]}}}}`",
            retry=retry,
        )  # fmt: skip
        return
    for address in addresses:
        yield _one(ask, domain, address)


def _addresses(ask: Ask, asked: SenderQuestion) -> tuple[tuple[str, ...], str, bool]:
    """Where the relay sends from; where nobody knows, why, and whether that may change."""
    if asked.addresses:
        return asked.addresses, "", False
    try:
        found: tuple[str, ...] = (str(ip_address(asked.relay)),)
    except ValueError:
        answers = ask(asked.relay, "A"), ask(asked.relay, "AAAA")
        found = tuple(record for answer in answers for record in answer.records)
        failed = [answer.reason for answer in answers if answer.status == "failed"]
        if not found:
            reason = failed[0] if failed else "no address in DNS, seen from here"
            return (), f"{asked.relay}: {reason}", bool(failed)
    outside = tuple(address for address in found if not _is_inside(address))
    return outside, f"{asked.relay} is {', '.join(found)}, an inside address: others see another", False


def _is_inside(address: str) -> bool:
    known = ip_address(address)
    return known.is_loopback or any(known in net for net in _INSIDE if net.version == known.version)


def _one(ask: Ask, domain: str, address: str) -> Finding:
    try:
        verdict: Verdict = check_host(ask, address, domain, f"postmaster@{domain}")
    except SpfError as error:
        return _broken(error)
    if verdict == "pass":
        return Finding("spf", "passed", "spf-pass", f"{domain} permits {address}", facts={"verdict": verdict})
    return Finding(
        "spf", "failed", f"spf-{verdict}", f"{domain} does not permit {address}: {verdict}",
        f"add {'ip6' if ':' in address else 'ip4'}:{address} before `all`", facts={"verdict": verdict},
    )  # fmt: skip
