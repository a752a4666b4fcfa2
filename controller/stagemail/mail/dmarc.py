"""A domain's DMARC policy and its organization: the tree walk through DNS, and what the record says (RFC 9989).

RFC 9989 (May 2026) replaced RFC 7489; receivers that still go by the older one find the organization in the public
suffix list, which ``elder_of`` tells. Not here: alignment with SPF and DKIM (``believing``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagemail.mail.organizational import organizational
from stagemail.mail.spf import Ask
from stagemail.mail.tags import tags_of

POLICIES: Final = ("none", "quarantine", "reject")
MOST: Final = 8
"""Names of one walk, at most (RFC 9989 section 4.10)."""


@dataclass(frozen=True, slots=True)
class Dmarc:
    """What counts for a sender's domain. ``at`` is where the record is; ``policy`` is what counts for this domain
    (``sp`` or ``np`` where the record is from above). ``fault`` is a finding's code and text, "" without one."""

    at: str = ""
    record: str = ""
    policy: str = ""
    dkim_mode: str = "r"
    spf_mode: str = "r"
    testing: bool = False
    """``t=y``: receivers act one step milder than the policy."""
    percent: str = ""
    """``pct``, which RFC 9989 took away: only older receivers heed it."""
    code: str = ""
    fault: str = ""
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """The records from a domain up to its top, nearest first. ``several``: names with more than one, which count for
    nothing. ``failed``: the names that gave no answer, with the reason."""

    domain: str
    records: Mapping[str, str]
    several: Mapping[str, int]
    failed: Mapping[str, str]

    def psd(self, name: str) -> str:
        """The record's word on whether the name is a public suffix: ``y``, ``n``, or ``u`` for none."""
        return (tags_of(self.records[name]) or {}).get("psd", "u").lower()

    @property
    def suffix(self) -> str:
        """The public suffix above the domain, where one says of itself that it is one; else ""."""
        return next((name for name in self.records if name != self.domain and self.psd(name) == "y"), "")

    @property
    def organization(self) -> str:
        """The organizational domain (section 4.10.2); the domain itself where no record tells."""
        ours = next((name for name in self.records if self.psd(name) == "n"), "")
        if ours:
            return ours
        if self.suffix:
            below = self.suffix.count(".") + 2
            return ".".join(self.domain.split(".")[-below:])
        return next(reversed(tuple(self.records)), self.domain)


def names_of(domain: str) -> tuple[str, ...]:
    """The names of a walk: the domain, then from at most seven labels down to one."""
    labels = domain.split(".")
    first = max(1, len(labels) - (MOST - 1))
    return (domain, *(".".join(labels[start:]) for start in range(first, len(labels))))


def walked(ask: Ask, domain: str) -> Walk:
    """Ask up the tree until a record says that an organization or a public suffix is reached."""
    return _asked(ask, domain, names_of(domain))


def _asked(ask: Ask, domain: str, names: Sequence[str]) -> Walk:
    records: dict[str, str] = {}
    several: dict[str, int] = {}
    failed: dict[str, str] = {}
    walk = Walk(domain, records, several, failed)
    for name in names:
        answer = ask(f"_dmarc.{name}", "TXT")
        if answer.status == "failed":
            failed[name] = answer.reason
            continue
        found = [text for text in answer.records if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if len(found) > 1:
            several[name] = len(found)
        elif found:
            records[name] = found[0]
            if walk.psd(name) in ("y", "n"):
                break
    return walk


def dmarc_of(ask: Ask, walk: Walk) -> Dmarc:
    """The record at the domain, else at its organization, else at its public suffix (section 4.10.1)."""
    domain = walk.domain
    if domain in walk.failed:
        return Dmarc(domain, code="dmarc-no-answer", fault=f"_dmarc.{domain}: {walk.failed[domain]}", retry=True)
    if domain in walk.several:
        fault = f"_dmarc.{domain} has {walk.several[domain]} records: none counts"
        return Dmarc(domain, code="dmarc-several", fault=fault)
    at = next((name for name in (domain, walk.organization, walk.suffix) if name in walk.records), "")
    if at:
        return _read(at, walk.records[at], _kinds(ask, domain, at))
    if walk.failed:
        name, reason = next(iter(walk.failed.items()))
        return Dmarc(name, code="dmarc-no-answer", fault=f"_dmarc.{name}: {reason}", retry=True)
    return Dmarc(code="dmarc-missing", fault=f"neither {domain} nor a domain above it has a DMARC record")


def elder_of(ask: Ask, domain: str) -> Dmarc:
    """What receivers make of it that still go by RFC 7489: the domain's record, else the one of its organization by the
    public suffix list."""
    for name in dict.fromkeys((domain, organizational(domain))):
        walk = _asked(ask, name, (name,))
        if name in walk.records:
            return _read(name, walk.records[name], ("p",) if name == domain else ("sp", "p"))
    return Dmarc()


def aligned(ask: Ask, one: str, other: str, mode: str) -> bool:
    """Whether two domains align: equal, or (mode "r") of one organization (RFC 9989 section 3.2.10)."""
    return one == other or (mode != "s" and _organization(ask, one) == _organization(ask, other))


def _organization(ask: Ask, domain: str) -> str:
    """By the walk; by the public suffix list where nothing was found, or not everything was answered."""
    walk = walked(ask, domain)
    return organizational(domain) if walk.failed or not walk.records else walk.organization


def _kinds(ask: Ask, domain: str, at: str) -> tuple[str, ...]:
    """The tags that may hold the policy, the first one that is there counts (section 4.7)."""
    if at == domain:
        return ("p",)
    return ("np", "sp", "p") if ask(domain, "MX").status == "no-domain" else ("sp", "p")


def _read(at: str, record: str, kinds: tuple[str, ...]) -> Dmarc:
    tags = tags_of(record)
    if tags is None or next(iter(tags), "") != "v" or tags["v"] != "DMARC1":
        return Dmarc(at, record, code="dmarc-syntax", fault=f"_dmarc.{at} is no list of tags after v=DMARC1")
    kind = next((name for name in kinds if name in tags), "p")
    policy = tags.get(kind, "").lower()
    if policy not in POLICIES:
        if "mailto:" not in tags.get("rua", "").lower():
            said = f"`{kind}={tags[kind]}` is no policy" if kind in tags else "`p=` is missing"
            return Dmarc(at, record, code="dmarc-syntax", fault=f"_dmarc.{at}: {said}")
        policy = "none"  # who asks for reports is read as p=none (section 4.7)
    modes = tags.get("adkim", "r").lower(), tags.get("aspf", "r").lower()
    return Dmarc(at, record, policy, *modes, tags.get("t", "n").lower() == "y", tags.get("pct", ""))
