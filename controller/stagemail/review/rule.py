"""What a rule of the review is. Not here: the rules."""

from dataclasses import dataclass

from stagemail.model.review import ReviewSeverity


@dataclass(frozen=True, slots=True)
class Rule:
    """``what`` and ``instead``: sentences with words in braces for facts of the message; ``source``: who says so."""

    severity: ReviewSeverity
    what: str
    instead: str
    source: str
