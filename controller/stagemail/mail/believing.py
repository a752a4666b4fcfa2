"""Would mail of this sender through this relay be believed? All checks of one stage, from DNS answers to findings.

Pure where ``ask`` is. Not here: asking DNS (``dns_resolver``), which stages (``reconcile``), the report.
"""

from collections.abc import Iterator
from typing import Final

from stagemail.mail import providers
from stagemail.mail.dkim_findings import dkim_findings
from stagemail.mail.dmarc import Dmarc, aligned, dmarc_of, elder_of, walked
from stagemail.mail.domain_findings import domain_findings, extra_findings
from stagemail.mail.idn import ascii_of
from stagemail.mail.mta_sts import Fetch
from stagemail.mail.spf import Ask
from stagemail.mail.spf_findings import spf_findings
from stagemail.model.sender import Believed, Finding, FindingStatus, SenderQuestion

SPF_GOOD: Final = frozenset({"spf-pass", "spf-provider-permitted"})
_DMARC: Final = "https://www.rfc-editor.org/rfc/rfc9989#section-4.10"
_STEPS: Final = {
    "dmarc-missing": 'publish a TXT record at _dmarc: "v=DMARC1; p=none; rua=mailto:…", and tighten it later',
    "dmarc-several": "leave one",
    "dmarc-syntax": "correct it: as it is, it does not count",
    "dmarc-no-answer": "ask again, or give another resolver (`dns.nameservers` in the operator file)",
}


def believed(ask: Ask, asked: SenderQuestion, fetch: Fetch | None = None) -> Believed:
    """All findings on one stage's sender. ``fetch`` None: MTA-STS is judged by its record alone. Never raises."""
    provider = providers.of(asked.relay)
    if not asked.domain:
        nothing = Finding(
            "domain", "not-checked", "no-sender", "not checked: the configuration names no sender",
            "write `sender.address`; without it each app chooses its own",
        )  # fmt: skip
        return Believed("", asked.relay, provider.name if provider else "", "", (nothing,))
    try:
        domain = ascii_of(asked.domain)
        written = ascii_of(asked.envelope) if asked.envelope else ""
    except ValueError as error:
        wrong = Finding("domain", "failed", "idn", f"{asked.domain}: {error}", "correct the domain")
        return Believed(asked.domain, asked.relay, provider.name if provider else "", "", (wrong,))
    envelope = written or (provider.sends.envelope if provider and provider.sends else "") or domain
    plain = SenderQuestion(asked.stage, domain, asked.relay, asked.selectors, envelope, asked.addresses)
    found = (
        *domain_findings(ask, domain),
        *spf_findings(ask, plain, envelope, provider),
        *dkim_findings(ask, plain, provider),
    )
    dmarc = dmarc_of(ask, walked(ask, domain))
    alignment = _alignment(ask, dmarc, plain, found)
    differ = _differ(dmarc, elder_of(ask, domain), domain)
    findings = (*found, *_dmarc(dmarc, domain), *differ, alignment, *extra_findings(ask, domain, fetch))
    return Believed(domain, asked.relay, provider.name if provider else "", envelope, findings)


def _dmarc(found: Dmarc, domain: str) -> Iterator[Finding]:
    if found.code:
        status: FindingStatus = "warned" if found.code == "dmarc-missing" else "failed"
        status = "not-checked" if found.retry else status
        facts = {"record": found.record} if found.record else {}
        yield Finding("dmarc", status, found.code, found.fault, _STEPS[found.code], facts=facts, retry=found.retry)
        return
    facts = {"record": found.record, "at": found.at, "policy": found.policy}
    said = f"{domain} has policy {found.policy}" + ("" if found.at == domain else f", from {found.at}")
    if found.policy == "none":
        yield Finding(
            "dmarc", "warned", "dmarc-none", f"{said}: nobody acts on it", "tighten it once reports are clean", _DMARC,
            facts,
        )  # fmt: skip
    elif found.testing:
        yield Finding(
            "dmarc", "warned", "dmarc-testing", f"{said} and `t=y`: receivers act one step milder",
            "take `t=y` away once reports are clean", _DMARC, facts,
        )  # fmt: skip
    else:
        older = f"; `pct={found.percent}` counts for older receivers only" if found.percent not in ("", "100") else ""
        yield Finding("dmarc", "passed", "dmarc-policy", said + older, facts=facts)


def _differ(found: Dmarc, elder: Dmarc, domain: str) -> Iterator[Finding]:
    """Whether receivers that go by RFC 7489 and its list of suffixes take another record."""
    if found.code or elder.code or found.at == elder.at or domain in (found.at, elder.at):
        return
    theirs = f"the one of {elder.at} (policy {elder.policy})" if elder.at else "none"
    yield Finding(
        "dmarc", "warned", "dmarc-receivers-differ", f"receivers of RFC 9989 take the record of {found.at} (policy "
        f"{found.policy}), those of RFC 7489 {theirs}", f"publish a record at _dmarc.{domain}: both take that", _DMARC,
    )  # fmt: skip


def _alignment(ask: Ask, dmarc: Dmarc, asked: SenderQuestion, found: tuple[Finding, ...]) -> Finding:
    """Whether SPF or DKIM speaks for the sender's own domain (RFC 9989 section 4.4); one of them is enough."""
    spf = [finding for finding in found if finding.check == "spf"]
    permits = any(f.code in SPF_GOOD for f in spf) and not any(f.status == "failed" for f in spf)
    by_spf = permits and aligned(ask, asked.envelope, asked.domain, dmarc.spf_mode)
    keys = [str(f.facts.get("name", "")) for f in found if f.check == "dkim" and f.status in ("passed", "warned")]
    places = [key.partition("._domainkey.")[2] for key in keys if key]
    by_dkim = any(aligned(ask, place, asked.domain, dmarc.dkim_mode) for place in places)
    if by_spf or by_dkim:
        by = " and ".join(name for name, good in (("SPF", by_spf), ("DKIM", by_dkim)) if good)
        verb = "speak" if by_spf and by_dkim else "speaks"
        return Finding("alignment", "passed", "aligned", f"{by} {verb} for {asked.domain}", source=_DMARC)
    apart = f"SPF is of {asked.envelope}" if permits else "SPF does not pass"
    if any(finding.status == "not-checked" for finding in found if finding.check in ("spf", "dkim")):
        retry = any(finding.retry for finding in found)
        return Finding(
            "alignment", "not-checked", "alignment-unknown", f"not checked whether anything speaks for {asked.domain}: "
            f"{apart}, and not everything is known", _STEPS["dmarc-no-answer"] if retry else
            "write `sender.dkimSelectors`", _DMARC, retry=retry,
        )  # fmt: skip
    strict = dmarc.policy in ("quarantine", "reject")
    then = f"receivers {dmarc.policy} it" if strict else "receivers may distrust it"
    return Finding(
        "alignment", "failed" if strict else "warned", "not-aligned",
        f"nothing speaks for {asked.domain} ({apart}, no usable DKIM key of it): {then}",
        f"sign with DKIM as {asked.domain}, or let bounces go to a domain of it", _DMARC,
    )  # fmt: skip
