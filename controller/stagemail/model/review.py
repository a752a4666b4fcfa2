"""A review of one message, as data: what it is made of, and what a person would want to know before it is sent.

Units: sizes are bytes as they are sent, unless their name says otherwise. Lines and columns count from 1; 0 is "none".
Not here: finding anything (``review``), rendering (``report``).
"""

from dataclasses import dataclass
from typing import Literal

ReviewSeverity = Literal["error", "warning", "hint"]
SEVERITIES: tuple[ReviewSeverity, ...] = ("error", "warning", "hint")
"""From worst to mildest."""


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """One thing about a message. ``code`` is stable; ``part`` is ``header`` or a MIME part's number and type.

    Part numbers are those of IMAP (RFC 9051 section 6.4.5). The line is one of the part's decoded text, for ``header``
    of the file. ``times`` counts the same finding, of which the first place is told. ``source`` is a document's name or
    an address.
    """

    code: str
    severity: ReviewSeverity
    part: str
    line: int
    column: int
    message: str
    instead: str
    source: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """A part of the message: ``sent`` bytes on the way (base64 adds a third), ``size`` bytes as they are read."""

    number: str
    type: str
    charset: str
    encoding: str
    disposition: str
    name: str
    sent: int
    size: int


@dataclass(frozen=True, slots=True)
class Review:
    """What was reviewed and what was found, worst first. ``clients`` says which data on mail clients was used."""

    name: str
    kind: Literal["message", "html"]
    subject: str
    sender: str
    size: int
    html_size: int
    parts: tuple[ReviewPart, ...]
    findings: tuple[ReviewFinding, ...]
    clients: str

    def worst(self) -> ReviewSeverity | None:
        """The worst severity; None where nothing was found."""
        return next((each for each in SEVERITIES if any(one.severity == each for one in self.findings)), None)


@dataclass(frozen=True, slots=True)
class ReviewSender:
    """The sender that the stage's configuration has, and the stage's name."""

    stage: str
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class ReviewLimits:
    """What the review compares with: the stage's sender, and the server's SIZE with where that figure is from."""

    sender: ReviewSender | None = None
    size: int | None = None
    size_from: str = ""
