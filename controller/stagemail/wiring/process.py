"""What a long-running process of ours is to those around it: port, log, metrics, notifications.

Not here: the two kinds of it (``controlling``, ``working``).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

from stagemail.errors import StagemailError
from stagemail.model.job import Hint
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.model.stopped import Stopped
from stagemail.ports import Observer
from stagemail.reconcile.net import Net
from stagemail.reconcile.observers import Observers
from stagemail.resources.web import Web
from stagemail.wiring.current import Current
from stagemail.wiring.installation import Installation
from stagemail.wiring.opening import clock as machine_clock
from stagemail.wiring.places import required_operator_file
from stagemail.wiring.running import Running
from stagemail.wiring.stopping import StoppingClock
from stagemail.wiring.tracing import Spans

PATIENCE = 1.0
"""Seconds that whoever asks whether the record is there waits for it."""
GRACE = 8.0
"""Seconds that a stop waits for passes under way; an orderly end within 10 s is what service managers expect."""


class Process(ABC):
    """One process over one operator file. ``stop`` may be called from a signal."""

    def __init__(
        self,
        config: str | None,
        root: Path,
        net: Net,
        observers: Sequence[Observer],
        spans: Spans,
        *,
        state: str | None,
    ) -> None:
        self.path = required_operator_file(config, root)
        self.root = root
        self._stopped, self._alarm = Event(), Event()
        self.clock = StoppingClock(machine_clock(), self._stopped)
        self.current = Current(self.path, root, self.clock, net, spans, state=state)
        self.observers = Observers(observers, self.clock)
        self._round = self.clock.monotonic()
        self._asking, self._asked = Lock(), Event()
        self._asked.set()

    @property
    def installation(self) -> Installation:
        """The operator file as it is in force now."""
        return self.current.built.installation

    @property
    def running(self) -> Running:
        """Record and stores as they are in force now."""
        return self.current.built.running

    @property
    def web(self) -> Web | None:
        """What is listened on; None for nothing."""
        return self.installation.operator.web

    @property
    def leads(self) -> bool:
        """Whether this process does what one of all does: looks at sources, plans, copies the journal."""
        return False

    @property
    def watched(self) -> tuple[str, ...]:
        """The sources that this process has to see to be ready, sorted."""
        return self.sources

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are followed, sorted."""
        return self.current.built.sources

    def desired(self, stage: str, revision: str) -> Desired | None:
        """What Git wants of a stage at a revision that was reconciled. Raises StagemailError."""
        return self.current.built.desired(stage, revision)

    def secret(self, ref: SecretRef) -> Secret:
        """A secret that the operator file itself names, read now. Raises what its store raises."""
        return self.current.built.secret_now(ref)

    def wake(self, _hint: Hint) -> None:
        """Somebody says that something is new: only the controller minds. From any thread; never fails."""
        return

    def quiet(self) -> float:
        """Seconds since the loop last went round."""
        return self.clock.monotonic() - self._round

    def record_trouble(self) -> str:
        """Why the record cannot be used now, "" where it can. Asks it, and waits a second for the answer at most."""
        with self._asking:
            if self._asked.is_set():
                self._asked = Event()
                Thread(target=self._ask_record, args=(self._asked,), name="stagemail-record", daemon=True).start()
            asked = self._asked
        is_slow = not asked.wait(PATIENCE)
        return self.running.pulse.trouble or (f"no answer for {PATIENCE:.0f} s" if is_slow else "")

    def _ask_record(self, asked: Event) -> None:
        was_away = bool(self.running.pulse.trouble)
        try:
            with suppress(StagemailError, Stopped):
                self.running.record.standing("")
                if was_away:
                    self._record_is_back()
        finally:
            asked.set()

    def _record_is_back(self) -> None:
        """Something may be done at once that waits."""
        return

    @abstractmethod
    def run(self) -> bool:
        """Work until ``stop``. False where something was still under way when the time for stopping was over."""

    def stop(self) -> None:
        """End ``run``. From any thread, but not in a signal handler: what it interrupts may hold the same lock."""
        self._stopped.set()
        self._alarm.set()

    def _pause(self, seconds: float) -> None:
        self._round = self.clock.monotonic()
        self.clock.pause(self._alarm, seconds)

    def _complain(self, message: str) -> None:
        self.observers.trouble("jobs", message)

    def _relieved(self) -> None:
        self.observers.relief("jobs", "PostgreSQL answers again; what waited is done now")
