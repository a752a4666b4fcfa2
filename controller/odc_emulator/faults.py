"""Faults on demand: which calls are hit, and with what.

Faults live in memory and are gone after a restart; what they did to the stored state stays.
"""

import re
from dataclasses import dataclass, field
from itertools import count

KINDS: dict[str, str] = {
    "delay": "answer after `seconds` of wall time",
    "status": "answer with `status` (429, 500, 503 …) and change nothing",
    "drop-before": "close the connection before anything is applied",
    "drop-after": "apply, then close the connection without an answer",
    "truncated-json": "apply, then send half of the document",
    "html": "an HTML page with `status` 200 (applied) or 502 (not applied)",
    "empty-body": "apply, then answer without a body",
    "apply-error": "the operation that this POST starts finishes with an error, `message`",
    "apply-hang": "the operation that this POST starts never finishes",
    "partial-page": "a listing lacks the second half of its page, while its totals still count it",
    "not-stored": "a PATCH is accepted with 204 and not stored",
    "third-value": "a PATCH is accepted with 204 and stores `value` instead",
}
NOT_APPLIED = frozenset({"status", "drop-before"})


@dataclass(slots=True)
class Fault:
    """One ordered fault: hits matching calls after the first `after`, `times` of them (0: all)."""

    kind: str
    method: str = ""
    path: str = ""
    after: int = 0
    times: int = 1
    status: int = 0
    seconds: float = 0.0
    message: str = "The emulator was told to fail."
    value: str = "EMULATOR-OTHER"
    number: int = 0
    seen: int = 0
    hits: int = 0
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            message = f"there is no fault {self.kind!r}; known are: {', '.join(KINDS)}"
            raise ValueError(message)
        if not self.status:
            self.status = {"status": 500, "html": 200}.get(self.kind, 0)
        self.pattern = re.compile(self.path)

    @property
    def prevents(self) -> bool:
        """Whether the platform never gets to see the call."""
        return self.kind in NOT_APPLIED or (self.kind == "html" and self.status >= 400)

    def matches(self, method: str, path: str) -> bool:
        """Whether this call is one of those the fault is for (hit or not)."""
        return self.method in ("", method) and self.pattern.search(path) is not None


class Faults:
    """The ordered faults, in the order they were ordered; the first that hits a call wins."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = count(1)

    def order(self, fault: Fault) -> Fault:
        """Add a fault."""
        fault.number = next(self._numbers)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def all(self) -> list[Fault]:
        """The faults with their counts."""
        return list(self._faults)

    def hit(self, method: str, path: str) -> Fault | None:
        """The fault for this call, counted; None for an undisturbed one."""
        for fault in self._faults:
            if not fault.matches(method, path):
                continue
            fault.seen += 1
            if fault.seen > fault.after and (fault.times == 0 or fault.hits < fault.times):
                fault.hits += 1
                return fault
        return None
