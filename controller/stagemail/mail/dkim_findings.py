"""DKIM keys as findings: of the selectors that the file or the provider names (RFC 6376).

Not here: reading a key (``dkim_key``), whether DKIM aligns (``alignment``).
"""

from collections.abc import Iterator

from stagemail.mail.dkim_key import GOOD, WEAK, key_of
from stagemail.mail.organizational import organizational
from stagemail.mail.providers import Provider
from stagemail.mail.spf import Ask
from stagemail.model.probe import Fact
from stagemail.model.sender import Finding, FindingStatus, SenderQuestion

_SIZES = "https://www.rfc-editor.org/rfc/rfc8301#section-3.2"


def dkim_findings(ask: Ask, asked: SenderQuestion, provider: Provider | None) -> Iterator[Finding]:
    """A finding for each selector. One that only the provider names and that is not there is no fault."""
    usual = provider.sends.selectors if provider and provider.sends else ()
    found = [_selector(ask, asked.domain, selector) for selector in asked.selectors or usual]
    if asked.selectors:
        yield from found
        return
    good = [finding for finding in found if finding.code != "dkim-missing"]
    yield from good
    if not good:
        tried = f" (tried what {provider.name} uses: {', '.join(usual)})" if provider and usual else ""
        yield Finding(
            "dkim", "not-checked", "dkim-no-selectors", f"not checked: the file names no DKIM selector{tried}",
            "write the relay's selectors as `sender.dkimSelectors`",
        )  # fmt: skip


def _selector(ask: Ask, domain: str, selector: str) -> Finding:
    for place in dict.fromkeys((domain, organizational(domain))):
        name = f"{selector}._domainkey.{place}"
        answer = ask(name, "TXT")
        if answer.status == "failed":
            return Finding(
                "dkim", "not-checked", "dkim-no-answer", f"{name}: {answer.reason}",
                "ask again, or give another resolver (`dns.nameservers` in the operator file)", retry=True,
            )  # fmt: skip
        if answer.records:
            return _key(name, answer.records)
    return Finding(
        "dkim", "failed", "dkim-missing", f"{selector}._domainkey.{domain} has no key",
        "publish the key that the relay shows for this selector, or name another selector",
    )  # fmt: skip


def _key(name: str, records: tuple[str, ...]) -> Finding:
    if len(records) > 1:
        return Finding("dkim", "failed", "dkim-several", f"{name} has {len(records)} records", "leave only the key")
    key = key_of(records[0])
    facts: dict[str, Fact] = {"name": name, "type": key.kind, "bits": key.bits}
    if key.revoked:
        return Finding(
            "dkim", "failed", "dkim-revoked", f"{name} is revoked (p= is empty)", "let the relay sign with another",
            facts=facts,
        )  # fmt: skip
    if key.fault:
        return Finding("dkim", "failed", "dkim-syntax", f"{name}: {key.fault}", "publish it anew, whole", facts=facts)
    if key.kind == "rsa" and key.bits < GOOD:
        status: FindingStatus = "failed" if key.bits < WEAK else "warned"
        said = "no verifier takes it" if key.bits < WEAK else "2048 are advised"
        return Finding(
            "dkim", status, "dkim-weak", f"{name} has an RSA key of {key.bits} bits: {said}",
            "make a key of 2048 bits at the relay", _SIZES, facts,
        )  # fmt: skip
    if key.testing:
        return Finding(
            "dkim", "warned", "dkim-testing", f"{name} says t=y: receivers treat it as a trial", "take t=y out",
            facts=facts,
        )  # fmt: skip
    return Finding("dkim", "passed", "dkim-key", f"{name} has an {key.kind} key of {key.bits} bits", facts=facts)
