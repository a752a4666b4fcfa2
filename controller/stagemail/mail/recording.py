"""The steps of a conversation as they happen: their outcome, their time, and no credential in them.

Not here: the steps (``conversation``).
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from stagemail.mail.bounds import Bounds
from stagemail.mail.faults import Fault
from stagemail.mail.wire import broken, masked
from stagemail.model.egress import Egress
from stagemail.model.probe import Fact, ProbeStep, StepName, StepStatus


class Ended(Exception):
    """A step failed: the conversation is over, and told in its steps."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a step gave. ``warning``: code, words and next step about a success that should not stay as it is."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    reply: str = ""
    warning: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What every conversation has: egress rules, bounds, TLS, the name that we give, the time of day."""

    egress: Egress
    bounds: Bounds
    context: ssl.SSLContext
    helo: str
    now: Callable[[], datetime]


class Recorder:
    """Runs steps and keeps what each gave. ``hidden``: texts that no reply may show."""

    def __init__(self, total: float) -> None:
        self.steps: list[ProbeStep] = []
        self.hidden: tuple[str, ...] = ()
        self._total = total

    def step(self, name: StepName, work: Callable[[], Told]) -> None:
        """Do it and keep what it gave. Raises Ended where it fails."""
        begun = time.monotonic()
        try:
            told = work()
        except (Fault, OSError) as error:
            self.fail(name, self._fault(error), time.monotonic() - begun)
        else:
            self._keep(name, told, time.monotonic() - begun)

    def fail(self, name: StepName, fault: Fault, seconds: float) -> NoReturn:
        """Keep a failure. Raises Ended."""
        self.steps.append(
            ProbeStep(
                name=name,
                status="failed",
                seconds=round(seconds, 4),
                facts=fault.facts,
                reply=self._safe(fault.reply),
                code=fault.code,
                cause=fault.cause,
                next_step=fault.next_step,
                source=fault.source,
                retry=fault.retry,
            )
        )
        raise Ended from None

    def _keep(self, name: StepName, told: Told, seconds: float) -> None:
        code, cause, advice = told.warning or ("", "", "")
        status: StepStatus = "warned" if told.warning else "passed"
        self.steps.append(
            ProbeStep(name, status, round(seconds, 4), told.facts, self._safe(told.reply), code, cause, advice)
        )

    def _fault(self, error: Fault | OSError) -> Fault:
        if isinstance(error, Fault):
            return error
        if not isinstance(error, TimeoutError):
            return broken(error)
        cause = f"the conversation took longer than {self._total:.0f} s: given up"
        return Fault("too-slow", cause, "try again; some servers slow down clients that they do not know", retry=True)

    def _safe(self, reply: str) -> str:
        """A reply in which no form of the credential is left, should the server repeat it."""
        return masked(reply, self.hidden)
