"""Tells people what happened to a stage: once for each stage, revision and condition, also after a restart.

A notice is claimed by a lease before it is sent, and held for as long as the same news is not to be told again; so the
record remembers it on every host, and a crash in between tells it once more rather than never. What a run wrote and how
a stage stands are kept in the record, written down together, and offered by every pass until ``receipts`` has them
told.
Implements ``ports.Observer``. Not here: sending (``notify``), trying again (``courier``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from stagemail.errors import Busy
from stagemail.model.happening import Archived, Finished, Happening, Looked
from stagemail.model.notice import Notice, NoticeKind
from stagemail.model.run import Run
from stagemail.model.standing import Turn
from stagemail.ports import Clock, Lease, Leases, Notifier
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.derived import conditions_of
from stagemail.reconcile.receipts import Receipts, of_run, of_turn
from stagemail.reconcile.turns import kind_of

ONCE: Final = 30 * 86_400.0
"""Seconds for which one run is told once: it is offered again at a restart, and is never other news."""
CLAIM: Final = 300.0
"""Seconds for which a notice that is being sent is nobody else's."""
LATE: Final = 900.0
"""Seconds for which the journal's copy may be late before people are told: a Git server restarts sooner."""
_OWNER: Final = "notifications"
_WORDS: Final[dict[NoticeKind, str]] = {
    "stalled": "needs somebody",
    "not-ready": "is not as Git wants",
    "ready": "is as Git wants again",
}
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
        receipts: Receipts,
        scrub: Callable[[str], str] = str,
        told: Callable[[str, bool], None] = lambda _name, _sent: None,
    ) -> None:
        self._subscriptions = subscriptions
        self._leases = leases
        self._clock = clock
        self._courier = courier
        self._receipts = receipts
        self._scrub = scrub
        self._told = told
        self._bad: set[str] = set()

    def saw(self, happening: Happening) -> None:
        """Tell those who want it, each of them in the order in which it happened."""
        told: dict[str, list[tuple[Notice, str]]] = {}
        for what, notice in self._found(happening):
            names = [s.name for s in self._subscriptions.values() if notice is not None and s.wants(notice)]
            for name in self._receipts.offer(what, names) if what else names:
                if notice is not None:
                    told.setdefault(name, []).append((self._scrubbed(notice), what))
        for name, notices in told.items():
            self._send(self._subscriptions[name], notices)

    def _found(self, happening: Happening) -> Iterator[tuple[str, Notice | None]]:
        """What there is to tell, and what the record calls it that keeps it until then; "" where nothing does."""
        if isinstance(happening, Finished):
            yield from _kept(happening)
            yield from (("", notice) for notice in self._unkept(happening))
        else:
            yield from (("", notice) for notice in _of_others(happening))

    def _unkept(self, happening: Finished) -> Iterator[Notice]:
        """Of a pass that could not even read how the stage stood: what its end means, as far as this process knows."""
        for condition in () if happening.conditions else conditions_of(happening):
            kind = kind_of(condition)
            if kind == "ready":
                if happening.stage not in self._bad:
                    continue  # at its first start a controller finds every stage ready: that is no news
                self._bad.discard(happening.stage)
            elif kind is not None:
                self._bad.add(happening.stage)
            if kind is not None:
                yield _of_turn(happening.stage, Turn(happening.wanted or happening.revision, condition), kind)

    def _scrubbed(self, notice: Notice) -> Notice:
        title, body = self._scrub(notice.title), self._scrub(notice.body)[:_LONGEST]
        return Notice(notice.kind, notice.stage, notice.revision, notice.condition, title, body)

    def _send(self, to: Subscription, notices: Sequence[tuple[Notice, str]]) -> None:
        def title(notice: Notice) -> str:
            return f"notification {to.name} of {notice.stage or notice.condition}"

        def work() -> None:
            try:
                for notice, what in notices:
                    self._deliver(title(notice), to, notice, what)
            finally:
                carried()

        def carried() -> None:
            for _, what in notices:
                self._receipts.carried(what, to.name)

        if not self._courier.carry(title(notices[0][0]), work):
            carried()

    def _deliver(self, title: str, to: Subscription, notice: Notice, what: str) -> None:
        lease = self._claimed(f"notice/{sha256(f'{to.name}|{notice.key}'.encode()).hexdigest()[:40]}")
        if lease is None:
            self._receipts.busy(what, to.name, self._clock.monotonic(), CLAIM)
            return
        sent = self._courier.tried(title, lambda: to.notifier.send(notice))
        self._told(to.name, sent)
        if sent:
            least = ONCE if notice.kind == "applied" else 2 * CLAIM
            self._leases().renew(lease, self._clock.now(), max(to.again, least))
            self._receipts.told(what, to.name)
        else:
            self._leases().release(lease)

    def _claimed(self, scope: str) -> Lease | None:
        """The right to tell this; None where it was told, or somebody is telling it."""
        try:
            return self._leases().acquire(scope, _OWNER, self._clock.now(), CLAIM)
        except Busy:
            return None


def _kept(of: Finished) -> Iterator[tuple[str, Notice | None]]:
    """What the record keeps until it was told, and what it is called; no notice where nothing is to be told."""
    for run in of.earlier:
        yield of_run(run.id), _of_run(run, run.revision)
    notice = _of_run(of.run, of.wanted or of.revision) if of.run is not None else None
    if notice is not None and of.run is not None:
        yield of_run(of.run.id), notice
    for turn in of.turns:
        kind = kind_of(turn.condition)
        yield of_turn(of.stage, turn), _of_turn(of.stage, turn, kind) if kind is not None else None


def _of_others(happening: Happening) -> Iterator[Notice]:
    if isinstance(happening, Looked) and happening.error:
        title = f"stagemail: source {happening.source} cannot be seen"
        yield Notice("source", "", "", f"source/{happening.source}", title, happening.error)
    elif isinstance(happening, Archived) and (happening.is_refused or (happening.error and happening.late >= LATE)):
        title = f"stagemail: the journal is not copied to {happening.branch}"
        body = f"{happening.error}\nevents that wait: {happening.waiting}\nnext: stagemail history --verify"
        yield Notice("journal", "", "", f"journal/{happening.branch}", title, body)


def _of_turn(stage: str, turn: Turn, kind: NoticeKind) -> Notice:
    title = f"stagemail: {stage} {_WORDS[kind]}"
    condition = turn.condition
    return Notice(
        kind, stage, turn.wanted, turn.what, title, _lines(stage, turn.wanted, condition.reason, condition.message)
    )


def _of_run(run: Run, wanted: str) -> Notice | None:
    written = [o for o in run.outcomes if o.status == "done" and o.action != "activate"]
    if not written:
        return None
    labels = ", ".join(sorted({outcome.label for outcome in written}))
    live = f"live on {run.live} of {run.apps} apps"
    text = f"written: {labels}\n{'interrupted; the next run finishes it' if run.status == 'interrupted' else live}"
    title = f"stagemail: {run.stage} was changed"
    return Notice("applied", run.stage, run.revision, f"run/{run.id}", title, _lines(run.stage, wanted, "", text))


def _lines(stage: str, revision: str, reason: str, message: str) -> str:
    lines = [f"stage: {stage}", f"revision: {revision[:12]}"]
    lines += [f"reason: {reason}"] if reason else []
    lines += [message] if message else []
    lines += [f"next: stagemail status {stage}"]
    return "\n".join(lines)
