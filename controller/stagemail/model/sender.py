"""Whether mail of a stage would be believed, as data: what is asked, and what each check found.

Not here: evaluating records (``mail``), asking DNS (``ports.Resolver``), wording of a report (``report``).
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model import email
from stagemail.model.probe import Fact
from stagemail.model.snapshot import Configuration

CheckName = Literal["domain", "spf", "dkim", "dmarc", "alignment", "mta-sts", "tls-rpt", "bimi"]
FindingStatus = Literal["passed", "warned", "failed", "not-checked", "absent"]


@dataclass(frozen=True, slots=True)
class SenderQuestion:
    """One stage's sender and relay. ``envelope``: the domain that bounces go to, "" where the file names none.

    ``addresses``: where the relay sends from, as the operator says; empty: the addresses of its name.
    """

    stage: str
    domain: str
    relay: str
    selectors: tuple[str, ...] = ()
    envelope: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``code`` is stable; ``next_step`` says what to do, ``source`` where it is explained.

    "not-checked" is never a pass. "absent": optional, and not there. ``retry``: DNS gave no answer; it may later.
    """

    check: CheckName
    status: FindingStatus
    code: str
    message: str
    next_step: str = ""
    source: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Believed:
    """All findings on one stage's sender. ``provider``: the known provider that the relay belongs to, or ""."""

    domain: str
    relay: str
    provider: str
    envelope: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed, and DNS answered everything that was asked."""
        return not any(finding.status == "failed" or finding.retry for finding in self.findings)

    def finding(self, code: str) -> Finding | None:
        """The first finding of this code."""
        return next((finding for finding in self.findings if finding.code == code), None)


def question_of(stage: str, configuration: Configuration, addresses: Mapping[str, tuple[str, ...]]) -> SenderQuestion:
    """What to ask for a configuration. ``addresses``: by relay, where it sends from."""
    relay = str(configuration.fields.get(email.HOST) or "")
    sender = str(configuration.fields.get(email.SENDER_ADDRESS) or "")
    return SenderQuestion(
        stage,
        email.domain_of(sender) if sender else "",
        relay,
        configuration.sender.dkim_selectors,
        configuration.sender.envelope_domain,
        addresses.get(relay.lower(), ()),
    )
