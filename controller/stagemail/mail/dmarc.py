"""A domain's DMARC policy: which record counts, and what it says (RFC 7489 section 6).

Not here: alignment with SPF and DKIM (``believing``).
"""

from dataclasses import dataclass
from typing import Final

from stagemail.mail.organizational import organizational
from stagemail.mail.spf import Ask
from stagemail.mail.tags import tags_of

POLICIES: Final = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Dmarc:
    """What counts for a sender's domain. ``at`` is where the record is; ``policy`` is what counts for this domain
    (``sp`` where the record is the organization's). ``fault`` is a finding's code and text, "" without one."""

    at: str = ""
    record: str = ""
    policy: str = ""
    dkim_mode: str = "r"
    spf_mode: str = "r"
    percent: str = "100"
    reports: str = ""
    code: str = ""
    fault: str = ""
    retry: bool = False


def dmarc_of(ask: Ask, domain: str) -> Dmarc:
    """The record at the domain, else at its organizational domain (section 6.6.3)."""
    found = _at(ask, domain, subdomain=False)
    above = organizational(domain)
    if found is None and above != domain:
        found = _at(ask, above, subdomain=True)
    return found or Dmarc(code="dmarc-missing", fault=f"neither {domain} nor its organization has a DMARC record")


def _at(ask: Ask, domain: str, *, subdomain: bool) -> Dmarc | None:
    answer = ask(f"_dmarc.{domain}", "TXT")
    if answer.status == "failed":
        return Dmarc(domain, code="dmarc-no-answer", fault=f"_dmarc.{domain}: {answer.reason}", retry=True)
    found = [text for text in answer.records if text.replace(" ", "").lower().startswith("v=dmarc1")]
    if not found:
        return None
    if len(found) > 1:
        return Dmarc(domain, code="dmarc-several", fault=f"_dmarc.{domain} has {len(found)} records: none counts")
    return _read(domain, found[0], subdomain=subdomain)


def _read(domain: str, record: str, *, subdomain: bool) -> Dmarc:
    tags = tags_of(record)
    if tags is None or next(iter(tags), "") != "v" or tags["v"] != "DMARC1":
        return Dmarc(domain, record, code="dmarc-syntax", fault=f"_dmarc.{domain} is no list of tags after v=DMARC1")
    policy = tags.get("p", "").lower()
    if policy not in POLICIES:
        said = f"`p={tags['p']}` is no policy" if "p" in tags else "`p=` is missing"
        return Dmarc(domain, record, code="dmarc-syntax", fault=f"_dmarc.{domain}: {said}")
    if subdomain:
        policy = tags.get("sp", policy).lower()
        if policy not in POLICIES:
            return Dmarc(domain, record, code="dmarc-syntax", fault=f"_dmarc.{domain}: `sp={tags['sp']}` is no policy")
    modes = tags.get("adkim", "r").lower(), tags.get("aspf", "r").lower()
    return Dmarc(domain, record, policy, *modes, tags.get("pct", "100"), tags.get("rua", ""))
