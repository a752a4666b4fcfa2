"""Collects findings: one for each code and text, with its first place and how often it was met; bounded.

Not here: what the codes mean (``rules``).
"""

from dataclasses import replace

from stagemail.model.review import SEVERITIES, ReviewFinding
from stagemail.review.rules import RULES

MOST = 500
"""Different findings that are kept; a hostile message has no end of them."""
LONGEST = 120
"""Characters of the message that a finding repeats."""


class Notes:
    """What was found so far."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], ReviewFinding] = {}
        self._left_off = 0

    def add(self, code: str, part: str, line: int = 0, column: int = 0, *, times: int = 1, **facts: object) -> None:
        """Note it, ``times`` of which this is the first. ``facts`` fill the rule's sentences."""
        rule = RULES[code]
        short = {name: shortened(value) for name, value in facts.items()}
        message, instead = rule.what.format(**short), rule.instead.format(**short)
        key = (code, part, message)
        known = self._found.get(key)
        if known is not None:
            self._found[key] = replace(known, times=known.times + times)
        elif len(self._found) < MOST:
            source = str(facts.get("source", rule.source))
            self._found[key] = ReviewFinding(code, rule.severity, part, line, column, message, instead, source, times)
        else:
            self._left_off += 1

    def findings(self) -> tuple[ReviewFinding, ...]:
        """Everything, worst first, then in the order of the message."""
        if self._left_off:
            count, self._left_off = self._left_off, 0
            self._found.pop(next(reversed(self._found)))
            self.add("too-many-findings", "message", count=count + 1)
        return tuple(sorted(self._found.values(), key=_place))


def shortened(value: object) -> object:
    """Text of the message, short enough to repeat; figures as they are."""
    if not isinstance(value, str):
        return value
    one_line = " ".join(value[: 4 * LONGEST].split(" "))
    return one_line if len(value) <= LONGEST else one_line[: LONGEST - 1] + "…"


def _place(finding: ReviewFinding) -> tuple[int, bool, str, int, int, str, str]:
    header = finding.part != "header"
    grade = SEVERITIES.index(finding.severity)
    return grade, header, finding.part, finding.line, finding.column, finding.code, finding.message
