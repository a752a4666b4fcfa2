"""The controller's port: answers its pages and turns webhooks into hints, for as long as the process runs.

Not here: the process that listens (``edge``), what the pages say (``metrics``, ``health``, ``board``).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import Event, Thread

from stagemail.errors import StagemailError
from stagemail.model.happening import Happening
from stagemail.model.job import Hint
from stagemail.model.usage import Usage
from stagemail.reconcile.lasting import drift_ages
from stagemail.reconcile.loop import IDLE
from stagemail.resources.policy import secret_ref
from stagemail.resources.web import Web
from stagemail.web.board import Board
from stagemail.web.edge import Answers, Edge
from stagemail.web.health import Health
from stagemail.web.hooks import Hook
from stagemail.web.metrics import Asked, Metrics
from stagemail.web.pushes import Push
from stagemail.wiring.process import Process
from stagemail.wiring.sources import MAIN

HANGS = IDLE + 120.0
"""Seconds without a round of the loop after which it hangs."""
SECRETS_AGAIN = 300.0
"""Seconds between two looks at the hooks' secrets: one that was rotated is used by then."""
SHORTEST_SECRET = 16
RUNS = 1000


class Serving:
    """Implements ``ports.Observer``. ``complain`` takes a sentence for the log."""

    def __init__(
        self, controlling: Process, metrics: Metrics, complain: Callable[[str], None], scrub: Callable[[str], str]
    ) -> None:
        self._controlling = controlling
        self._complain = complain
        self._scrub = scrub
        self.metrics = metrics
        metrics.asked = Asked(
            usage=partial(_usage, controlling),
            secrets=partial(_secrets, controlling),
            drift_age=partial(_drift_age, controlling),
            stages=self._stages,
            sources=lambda: controlling.sources,
        )
        self._health = Health(controlling.quiet, lambda: controlling.watched, HANGS, controlling.record_trouble)
        self._board = Board(self._stages, lambda: controlling.sources, controlling.clock.now, scrub)
        self._ended = Event()
        self._edge: Edge | None = None

    def saw(self, happening: Happening) -> None:
        """Hand it on to the pages."""
        self._health.saw(happening)
        self._board.saw(happening)

    def start(self, web: Web) -> str:
        """Listen; gives the address. Raises UsageError where it cannot be used."""
        host, _, port = web.listen.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        self._edge = Edge(host, int(port), self._hooks, Answers(self._pushed, self.page, self._complain))
        taken = self._edge.start()
        Thread(target=self._keep_secrets, name="stagemail-hooks", daemon=True).start()
        return f"{web.listen.rpartition(':')[0]}:{taken}"

    def stop(self) -> None:
        """End listening."""
        self._ended.set()
        if self._edge is not None:
            self._edge.stop()

    def _stages(self) -> Iterable[str]:
        return self._controlling.installation.operator.stages

    def _web(self) -> Web:
        return self._controlling.web or Web()

    def _hooks(self) -> list[Hook]:
        """The hooks whose secrets can be read now; the others refuse everything until they can."""
        found = []
        for name, written in self._web().hooks.items():
            try:
                secret = self._controlling.secret(secret_ref(written.secret))
            except StagemailError as error:
                self._complain(f"webhook {name}: {error.sentence}")
                continue
            if len(secret.reveal()) < SHORTEST_SECRET:
                self._complain(f"webhook {name}: its secret has fewer than {SHORTEST_SECRET} characters; not used")
                continue
            found.append(Hook(name, written.type, secret))
        return found

    def _keep_secrets(self) -> None:
        while not self._ended.wait(SECRETS_AGAIN):
            if self._edge is not None:
                self._edge.tell_hooks()

    def _pushed(self, push: Push) -> None:
        hook = self._web().hooks.get(push.hook)
        for name in (hook.sources if hook is not None else ()) or self._controlling.sources:
            if self._may_concern(name, push):
                self._controlling.wake(Hint(name))

    def _may_concern(self, source: str, push: Push) -> bool:
        """Whether the push may have moved the branch of this source: unless it names others."""
        operator = self._controlling.installation.operator
        written = operator.source if source == MAIN else operator.sources.get(source)
        followed = written.branch if written is not None else None
        return not (push.branches and followed and followed not in push.branches)

    def page(self, path: str) -> tuple[int, str]:
        """Status and body of a page."""
        if path == "/metrics":
            return 200, self.metrics.text()
        if path not in ("/healthz", "/readyz"):
            return 200, self._board.html()
        status, said = self._health.healthz() if path == "/healthz" else self._health.readyz()
        return status, self._scrub(said)  # a platform, a Git host or a database may have repeated what it was shown


def _usage(controlling: Process) -> Mapping[str, tuple[Usage, ...]]:
    return controlling.running.usage()


def _secrets(controlling: Process) -> Mapping[str, str]:
    try:
        return controlling.running.credentials.created()
    except StagemailError:  # the record cannot be opened now; the loop says so
        return {}


def _drift_age(controlling: Process, stage: str) -> float:
    """Seconds since the stage's oldest drift is known that was not healed."""
    try:
        ages = drift_ages(controlling.running.record.runs(stage, RUNS), controlling.clock.now())
    except StagemailError:
        return 0.0
    return max(ages.values(), default=0.0)
