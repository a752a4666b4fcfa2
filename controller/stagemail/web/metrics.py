"""What Prometheus reads: an observer that counts, and gauges that are asked for when somebody reads them.

Labels are names of the operator file and words of closed lists only, so that nobody outside can make more of them:
never an app, an address, a revision. Source: Prometheus "Metric and label naming", "Instrumentation".
Not here: the port (``app``), how webhooks are counted (there, too).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stagemail.model.happening import Archived, Finished, Happening, Looked, Reloaded, Ticked, Troubled
from stagemail.model.usage import Usage
from stagemail.reconcile.derived import conditions_of
from stagemail.reconcile.lasting import is_left

MOST_SECRETS = 2000
"""Secrets whose age is shown at most."""
BUCKETS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Seconds of a pass: from one that only reads to one that waits for a platform's limits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for only when somebody reads the metrics; each must be quick and raise nothing."""

    usage: Callable[[], Mapping[str, tuple[Usage, ...]]] = dict
    """By target: what is used of each limit."""
    secrets: Callable[[], Mapping[str, str]] = dict
    """By reference: since when the store has the version that was read last (ISO 8601), where it tells."""
    drift_age: Callable[[str], float] = lambda _stage: 0.0
    """Seconds since a stage's oldest drift that was not healed was seen."""
    stages: Callable[[], Iterable[str]] | None = None
    """The stages of the operator file as it is in force now; None: all that were heard of."""
    sources: Callable[[], Iterable[str]] | None = None
    """The same of sources."""


@dataclass(slots=True)
class Metrics:
    """Implements ``ports.Observer``. ``asked`` may be set once the controller is built."""

    asked: Asked = field(default_factory=Asked)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _created: dict[str, float] = field(default_factory=dict)
    _drifting: set[str] = field(default_factory=set)
    _runs: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _changes: Counter = field(init=False)
    _success: Gauge = field(init=False)
    _last: Gauge = field(init=False)
    _ready: Gauge = field(init=False)
    _apps: Gauge = field(init=False)
    _looks: Counter = field(init=False)
    _looked: Gauge = field(init=False)
    _queue: Gauge = field(init=False)
    _late: Gauge = field(init=False)
    _troubles: Counter = field(init=False)
    _reloads: Counter = field(init=False)
    _notifications: Counter = field(init=False)
    _copies: Counter = field(init=False)
    _waiting: Gauge = field(init=False)
    _copy_late: Gauge = field(init=False)

    def __post_init__(self) -> None:
        at = self.registry
        Info("stagemail_build", "The version that runs.", registry=at).info({"version": version("stagemail")})
        stage = ["stage"]
        self._runs = Counter("stagemail_runs", "Passes of a stage by how they ended.", ["stage", "result"], registry=at)
        self._seconds = Histogram("stagemail_run_seconds", "How long passes took.", buckets=BUCKETS, registry=at)
        self._changes = Counter(
            "stagemail_changes", "Steps by action and what became of them.", ["stage", "action", "result"], registry=at
        )
        self._success = Gauge(
            "stagemail_last_success_timestamp_seconds",
            "When a stage was last as Git wants, seconds since 1970.",
            stage,
            registry=at,
        )
        self._last = Gauge(
            "stagemail_last_run_timestamp_seconds",
            "When a stage was last looked at, seconds since 1970.",
            stage,
            registry=at,
        )
        self._ready = Gauge(
            "stagemail_stage_condition",
            "1 where a stage's condition is True, 0 where not.",
            ["stage", "type"],
            registry=at,
        )
        self._apps = Gauge(
            "stagemail_apps",
            "Apps of a stage that run with its settings, and those that do not.",
            ["stage", "live"],
            registry=at,
        )
        self._looks = Counter(
            "stagemail_source_looks", "Looks at a source by result.", ["source", "result"], registry=at
        )
        self._looked = Gauge(
            "stagemail_source_last_success_timestamp_seconds",
            "When a source was last seen, seconds since 1970.",
            ["source"],
            registry=at,
        )
        self._queue = Gauge("stagemail_queue_depth", "Jobs by whether they wait or run.", ["state"], registry=at)
        self._late = Gauge("stagemail_queue_late_seconds", "By how much the most overdue job is late.", registry=at)
        self._troubles = Counter("stagemail_troubles", "Defects of the controller itself.", registry=at)
        self._reloads = Counter("stagemail_reloads", "Changes of the operator file by result.", ["result"], registry=at)
        self._notifications = Counter(
            "stagemail_notifications",
            "Notifications by name and whether they were taken.",
            ["name", "result"],
            registry=at,
        )
        self._count_copies()
        at.register(_WhenAsked(self))

    def _count_copies(self) -> None:
        at = self.registry
        self._copies = Counter(
            "stagemail_journal_copies", "Copies of the journal to its branch by result.", ["result"], registry=at
        )
        self._waiting = Gauge(
            "stagemail_journal_waiting_events", "Events of the journal that are not on its branch yet.", registry=at
        )
        self._copy_late = Gauge(
            "stagemail_journal_late_seconds", "For how long events have waited to be on the branch.", registry=at
        )

    def saw(self, happening: Happening) -> None:
        """Count it."""
        if isinstance(happening, Finished):
            self._finished(happening)
        elif isinstance(happening, Looked):
            self._looks.labels(happening.source, "failed" if happening.error else "seen").inc()
            if not happening.error:
                self._looked.labels(happening.source).set(happening.at.timestamp())
        elif isinstance(happening, Ticked):
            self._queue.labels("waiting").set(happening.depth.waiting)
            self._queue.labels("running").set(happening.depth.running)
            self._late.set(happening.late)
        elif isinstance(happening, Reloaded):
            self._reloads.labels("refused" if happening.error else "taken").inc()
        elif isinstance(happening, Archived):
            self._copies.labels("failed" if happening.error else "copied").inc()
            self._waiting.set(happening.waiting)
            self._copy_late.set(happening.late)
        elif isinstance(happening, Troubled) and not happening.is_over:
            self._troubles.inc()

    def notified(self, name: str, sent: bool) -> None:
        """Count a notification."""
        self._notifications.labels(name, "sent" if sent else "failed").inc()

    def secrets_since(self) -> dict[str, float]:
        """Since when each secret has its version, in seconds since 1970."""
        return dict(self._created)

    def drifting(self) -> tuple[str, ...]:
        """The stages whose last pass reported drift and left it, sorted."""
        return tuple(sorted(self._drifting))

    def text(self) -> str:
        """All of them, in Prometheus' text format 0.0.4, of stages and sources that are still in the operator file.

        What is gone from it must not keep an alert alive until the next start.
        """
        of_stages = (self._runs, self._changes, self._success, self._last, self._ready, self._apps)
        self._forget("stage", self.asked.stages, of_stages)
        self._forget("source", self.asked.sources, (self._looks, self._looked))
        return generate_latest(self.registry).decode("utf-8")

    def _forget(
        self, label: str, known: Callable[[], Iterable[str]] | None, counted: tuple[Counter | Gauge, ...]
    ) -> None:
        """Drop the series of names that are not known any more."""
        if known is None:
            return
        there = frozenset(known())
        for one in counted:
            shown = {sample.labels.get(label, "") for family in one.collect() for sample in family.samples}
            for name in shown - there:
                one.remove_by_labels({label: name})
        if label == "stage":
            self._drifting &= there

    def _note_secrets(self) -> None:
        for ref, created in self.asked.secrets().items():
            if ref in self._created or len(self._created) < MOST_SECRETS:
                with suppress(ValueError):
                    self._created[ref] = datetime.fromisoformat(created).timestamp()

    def _finished(self, done: Finished) -> None:
        self._note_secrets()
        run, at = done.run, done.at.timestamp()
        self._runs.labels(done.stage, run.status if run is not None else "failed").inc()
        self._seconds.observe(done.seconds)
        self._last.labels(done.stage).set(at)
        for outcome in run.outcomes if run is not None else ():
            self._changes.labels(done.stage, outcome.action, outcome.status).inc()
        if run is not None:
            is_drifting = any(is_left(outcome) for outcome in run.outcomes)
            (self._drifting.add if is_drifting else self._drifting.discard)(done.stage)
            self._apps.labels(done.stage, "yes").set(run.live)
            self._apps.labels(done.stage, "no").set(len(run.not_live))
        for condition in conditions_of(done):
            self._ready.labels(done.stage, condition.type).set(condition.status == "True")
        if run is not None and run.status == "done" and not done.error:
            self._success.labels(done.stage).set(at)


class _WhenAsked(Collector):
    """Gauges whose values somebody else knows."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Ask for them."""
        asked = self._metrics.asked
        yield from _usage(asked.usage())
        age = GaugeMetricFamily(
            "stagemail_secret_age_seconds", "Since when the store has the version that is used.", labels=["secret"]
        )
        for ref, since in sorted(self._metrics.secrets_since().items()):
            age.add_metric([ref], max(0.0, time.time() - since))
        yield age
        drift = GaugeMetricFamily(
            "stagemail_drift_age_seconds",
            "Since when a stage's oldest drift is known that was not healed.",
            labels=["stage"],
        )
        for stage in self._metrics.drifting():
            drift.add_metric([stage], asked.drift_age(stage))
        yield drift


def _usage(known: Mapping[str, tuple[Usage, ...]]) -> Iterator[Metric]:
    labels = ["target", "domain"]
    allowed = GaugeMetricFamily(
        "stagemail_api_quota", "Our share of a platform's limit, calls a window.", labels=labels
    )
    used = GaugeMetricFamily("stagemail_api_quota_used", "Calls in the window that ends now.", labels=labels)
    left = GaugeMetricFamily("stagemail_api_quota_left", "Calls that are left in it.", labels=labels)
    calls = CounterMetricFamily("stagemail_api_calls", "Calls that were sent.", labels=labels)
    errors = CounterMetricFamily("stagemail_api_errors", "Calls that failed, by kind.", labels=[*labels, "kind"])
    for target, usages in sorted(known.items()):
        for usage in usages:
            where = [target, usage.domain]
            allowed.add_metric(where, usage.allowed)
            used.add_metric(where, usage.used)
            left.add_metric(where, max(0, usage.allowed - usage.used))
            calls.add_metric(where, usage.calls)
            for kind, count in usage.errors:
                errors.add_metric([*where, kind], count)
    yield from (allowed, used, left, calls, errors)
