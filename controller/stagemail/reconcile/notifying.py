"""Tells people what happened to a stage: once for each stage, revision and condition, also after a restart.

A notice is claimed by a lease before it is sent, and held for as long as the same news is not to be told again; so the
record remembers it on every host, and a crash in between tells it once more rather than never. What a run wrote is
offered again by the passes after it, until it was certainly told.
Implements ``ports.Observer``. Not here: sending (``notify``), trying again (``courier``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from stagemail.errors import Busy
from stagemail.model.condition import Condition
from stagemail.model.happening import Archived, Finished, Happening, Looked
from stagemail.model.notice import Notice, NoticeKind
from stagemail.model.run import Run
from stagemail.ports import Clock, Lease, Leases, Notifier
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.derived import news_of

ONCE: Final = 30 * 86_400.0
"""Seconds for which one run is told once: it is offered again at a restart, and is never other news."""
CLAIM: Final = 300.0
"""Seconds for which a notice that is being sent is nobody else's."""
LATE: Final = 900.0
"""Seconds for which the journal's copy may be late before people are told: a Git server restarts sooner."""
_OWNER: Final = "notifications"
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told what. ``stages`` empty: of all. ``again``: seconds after which the same news may be told again."""

    name: str
    notifier: Notifier
    kinds: frozenset[NoticeKind]
    stages: frozenset[str] = frozenset()
    again: float = 86_400.0

    def wants(self, notice: Notice) -> bool:
        """Whether it is for them."""
        return notice.kind in self.kinds and (not self.stages or not notice.stage or notice.stage in self.stages)


class Notifying:
    """``scrub`` takes credentials out of what others wrote; ``told`` counts: name of subscription, whether sent."""

    def __init__(
        self,
        subscriptions: Mapping[str, Subscription],
        leases: Callable[[], Leases],
        clock: Clock,
        courier: Courier,
        *,
        scrub: Callable[[str], str] = str,
        told: Callable[[str, bool], None] = lambda _name, _sent: None,
    ) -> None:
        self._subscriptions = subscriptions
        self._leases = leases
        self._clock = clock
        self._courier = courier
        self._scrub = scrub
        self._told = told
        self._bad: set[str] = set()

    def saw(self, happening: Happening) -> None:
        """Tell those who want it."""
        for notice in self._notices(happening):
            for subscription in self._subscriptions.values():
                if subscription.wants(notice):
                    self._send(subscription, notice)

    def _notices(self, happening: Happening) -> Iterator[Notice]:
        if isinstance(happening, Finished):
            found = [*_of_runs(happening), *(n for c in news_of(happening) for n in _of_condition(happening, c))]
            for notice in found:
                if notice.kind == "ready":
                    if happening.stage not in self._bad:
                        continue  # at its first start a controller finds every stage ready: that is no news
                    self._bad.discard(happening.stage)
                if notice.kind in ("stalled", "not-ready"):
                    self._bad.add(happening.stage)
                yield self._scrubbed(notice)
        elif isinstance(happening, Looked) and happening.error:
            title = f"stagemail: source {happening.source} cannot be seen"
            yield self._scrubbed(Notice("source", "", "", f"source/{happening.source}", title, happening.error))
        elif isinstance(happening, Archived) and (happening.is_refused or (happening.error and happening.late >= LATE)):
            title = f"stagemail: the journal is not copied to {happening.branch}"
            body = f"{happening.error}\nevents that wait: {happening.waiting}\nnext: stagemail history --verify"
            yield self._scrubbed(Notice("journal", "", "", f"journal/{happening.branch}", title, body))

    def _scrubbed(self, notice: Notice) -> Notice:
        title, body = self._scrub(notice.title), self._scrub(notice.body)[:_LONGEST]
        return Notice(notice.kind, notice.stage, notice.revision, notice.condition, title, body)

    def _send(self, to: Subscription, notice: Notice) -> None:
        what = f"notification {to.name} of {notice.stage or notice.condition}"
        self._courier.carry(what, lambda: self._deliver(what, to, notice))

    def _deliver(self, what: str, to: Subscription, notice: Notice) -> None:
        lease = self._claimed(f"notice/{sha256(f'{to.name}|{notice.key}'.encode()).hexdigest()[:40]}")
        if lease is None:
            return
        sent = self._courier.tried(what, lambda: to.notifier.send(notice))
        self._told(to.name, sent)
        if sent:
            least = ONCE if notice.kind == "applied" else 2 * CLAIM
            self._leases().renew(lease, self._clock.now(), max(to.again, least))
        else:
            self._leases().release(lease)

    def _claimed(self, scope: str) -> Lease | None:
        """The right to tell this; None where it was told, or somebody is telling it."""
        try:
            return self._leases().acquire(scope, _OWNER, self._clock.now(), CLAIM)
        except Busy:
            return None


def _of_condition(of: Finished, condition: Condition) -> Iterator[Notice]:
    kind: NoticeKind | None = None
    if condition.type == "Stalled" and condition.status == "True":
        kind, words = "stalled", "needs somebody"
    elif condition.type == "Ready" and condition.status == "False":
        kind, words = "not-ready", "is not as Git wants"
    elif condition.type == "Ready" and condition.status == "True":
        kind, words = "ready", "is as Git wants again"
    if kind is not None:
        what = f"{condition.type}={condition.status}/{condition.reason}"
        title = f"stagemail: {of.stage} {words}"
        yield Notice(
            kind, of.stage, of.wanted or of.revision, what, title, _body(of, condition.reason, condition.message)
        )


def _of_runs(of: Finished) -> Iterator[Notice]:
    for run in of.earlier:
        yield from _of_run(run, run.revision)
    if of.run is not None:
        yield from _of_run(of.run, of.wanted or of.revision)


def _of_run(run: Run, wanted: str) -> Iterator[Notice]:
    written = [o for o in run.outcomes if o.status == "done" and o.action != "activate"]
    if written:
        labels = ", ".join(sorted({outcome.label for outcome in written}))
        live = f"live on {run.live} of {run.apps} apps"
        text = f"written: {labels}\n{'interrupted; the next run finishes it' if run.status == 'interrupted' else live}"
        title = f"stagemail: {run.stage} was changed"
        yield Notice("applied", run.stage, run.revision, f"run/{run.id}", title, _lines(run.stage, wanted, "", text))


def _body(of: Finished, reason: str, message: str) -> str:
    return _lines(of.stage, of.wanted or of.revision, reason, message)


def _lines(stage: str, revision: str, reason: str, message: str) -> str:
    lines = [f"stage: {stage}", f"revision: {revision[:12]}"]
    lines += [f"reason: {reason}"] if reason else []
    lines += [message] if message else []
    lines += [f"next: stagemail status {stage}"]
    return "\n".join(lines)
