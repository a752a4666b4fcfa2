"""The record on a branch of the GitOps repository: implements ``ports.Record`` and ``ports.Leases`` without a server.

Whatever must be seen by others, or be on record before something is sent, is pushed at once: leases, new intents, and
everything that is recorded without a lease. What costs a read to lose (outcomes, applied values, names of operations)
waits for the next push of the run, at the latest for the lease's release: after a crash its intent is still open, and
the next run finds out by reading. A push lands only on the commit that was read; else it is read again.
Renewing a lease costs nothing while others see more than half of it ahead: nobody may take it before its end.
Not here: the branch (``git_branch_history``), its lines (``git_branch_lines``), opening it (``git_branch_opening``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock
from types import TracebackType
from typing import Final, Self

from stagemail.errors import Busy, StagemailError, Unreachable, UserMustFix
from stagemail.model.event import Copied, Event
from stagemail.model.run import Intent, Run
from stagemail.model.snapshot import Applied, AppliedResource
from stagemail.model.standing import Audit, Decision, Standing
from stagemail.ports import Clock, Entry, Lease
from stagemail.record.fingerprint_key import Randomness
from stagemail.record.git_branch_history import BranchFile, Seen
from stagemail.record.git_branch_lines import Seals
from stagemail.record.git_branch_waiting import Waiting, grown
from stagemail.record.ledger import LEASE, Fact, Ledger, facts_of

ATTEMPTS: Final = 12
"""How often a push is tried while others are faster; each time somebody gets on."""
FRESH: Final = 5.0
"""Seconds for which a reader without a lease believes what it saw."""

Make = Callable[[Ledger], Sequence[Fact]]
"""What to record, from what is known now; called again when somebody else was faster."""


class GitBranchRecord:
    """All methods may raise Unreachable, NotPermitted, CorruptRecord (with the place), Busy, UserMustFix."""

    notices: tuple[str, ...] = ()

    def __init__(
        self,
        file: BranchFile,
        seals: Seals,
        key: bytes,
        *,
        clock: Clock,
        randomness: Randomness,
        is_gone: Callable[[str], bool],
    ) -> None:
        self._file, self._seals, self._key = file, seals, key
        self._clock, self._randomness, self._is_gone = clock, randomness, is_gone
        self._lock = RLock()
        self._seen: Seen | None = None
        self._looked = 0.0
        self._pushed = Ledger()
        """What the branch says; what waits to be pushed is in ``_view`` as well."""
        self._view = Ledger()
        self._waiting = Waiting()
        self._held: set[str] = set()

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """See ``ports.Record.append``; durable as the module says."""
        facts = facts_of(entries)
        with self._lock:
            view = self._current()
            if lease is None or any(kind == "intent" and value.id not in view.intent for kind, value in facts):
                self._send(lambda known: _under(known, lease, facts))
            else:
                self._defer(facts, lease)

    def applied(self, stage: str) -> Applied:
        """See ``ports.Record.applied``."""
        with self._lock:
            return self._current().applied(stage)

    def stages_of(self, key: str) -> tuple[str, ...]:
        """See ``ports.Record.stages_of``."""
        with self._lock:
            return self._current().stages_of(key)

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """See ``ports.Record.open_intents``."""
        with self._lock:
            return self._current().open_intents(stage)

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``; old runs are in the branch's history only."""
        with self._lock:
            return self._current().runs(stage, limit)

    def standing(self, stage: str) -> Standing:
        """See ``ports.Standings.standing``."""
        with self._lock:
            return self._current().standing(stage)

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        with self._lock:
            return self._current().decisions()

    def audit(self) -> Audit:
        """See ``ports.Standings.audit``: reading the branch verifies the number and the seal of every line."""
        with self._lock:
            return Audit(len(self._look().parsed.facts))

    def events(self, after: int, most: int) -> tuple[Event, ...]:
        """See ``journal_ports.Journaled.events``; a record on a branch is no database, so there is nothing to copy."""
        del after, most
        return ()

    def copied(self) -> Copied | None:
        """See ``journal_ports.Journaled.copied``."""
        return None

    def note_copied(self, copied: Copied) -> None:
        """See ``journal_ports.Journaled.note_copied``."""

    def fingerprint_key(self) -> bytes:
        """See ``ports.Record.fingerprint_key``; derived from the secret that ``stateKey`` names."""
        return self._key

    def rekey(self, key: bytes, resources: Sequence[AppliedResource], lease: Lease) -> None:  # noqa: ARG002
        """See ``ports.Rekeying.rekey``. Every line that was ever pushed is sealed with the key, so this refuses."""
        raise UserMustFix(
            "a record on a branch is sealed line by line with the secret of `stateKey`, so its key cannot be changed",
            hint="begin a new one: put the new secret in its store, name another branch under `state:`, then run "
            "`stagemail apply` (adopts what is live, writes nothing) and `stagemail secrets push STAGE`",
        )

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.acquire``. Nobody is told Busy without a fresh look at the branch."""
        taken: list[Lease] = []

        def make(known: Ledger) -> Sequence[Fact]:
            lease, holding = known.take(scope, owner, now, seconds, self._is_gone)
            taken.append(lease)
            return [(LEASE, holding)]

        with self._lock:
            self._current()
            self._send(make)
            self._held.add(scope)
        return taken[-1]

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """See ``ports.Leases.renew``. Pushes only when others see less than half of ``seconds`` ahead."""
        renewed = replace(lease, until=now + timedelta(seconds=seconds))
        with self._lock:
            held = self._current().require(lease)
            seen_by_others = self._pushed.holding[lease.scope].until
            if seen_by_others - now > timedelta(seconds=seconds / 2):
                self._waiting.renewed[lease.scope] = replace(held, until=renewed.until)
                self._rebuild()
            else:
                self._send(lambda known: [(LEASE, replace(known.require(lease), until=renewed.until))])
        return renewed

    def release(self, lease: Lease) -> None:
        """See ``ports.Leases.release``; what waits is pushed with it. Of a lost lease only the run itself is kept."""
        with self._lock:
            self._current()
            self._waiting.renewed.pop(lease.scope, None)
            self._send(lambda known: [(LEASE, free)] if (free := known.given_back(lease)) else [])
            self._held.discard(lease.scope)

    def close(self) -> None:
        """Push what waits. A record that was closed goes on when it is used."""
        with self._lock:
            if self._waiting:
                self._send(lambda _known: [])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(*([StagemailError] if error is not None else [])):
            self.close()

    def _current(self) -> Ledger:
        """What is known: looked up where it never was, or is old and nothing keeps others from writing."""
        age = self._clock.monotonic() - self._looked
        if self._seen is None or (not self._held and not self._waiting and age >= FRESH):
            self._look()
        return self._view

    def _look(self) -> Seen:
        seen = self._file.look(self._seen)
        self._looked = self._clock.monotonic()
        if seen is not self._seen:
            self._pushed = Ledger()
            self._pushed.learn(seen.parsed.facts)
            self._seen = seen
        self._rebuild()
        return seen

    def _rebuild(self) -> None:
        """What the branch says, and what waits on top of it."""
        self._view = self._waiting.on(self._pushed)

    def _defer(self, facts: Sequence[Fact], lease: Lease) -> None:
        """Let facts wait under a lease that, as far as we know, is still ours."""
        try:
            changed = _with(self._view, lease, facts)
        except StagemailError:
            self._look()  # what we knew may be old
            changed = _with(self._view, lease, facts)
        self._waiting.add(facts, lease)
        self._view = changed

    def _send(self, make: Make) -> None:
        """Push what waits and what ``make`` says, in one commit; nothing where there is nothing to say."""
        fresh = False
        for attempt in range(ATTEMPTS):
            seen = self._seen if self._seen is not None else self._look()
            view = self._view.copy()
            try:
                more = make(view)
                view.learn(more)
            except StagemailError:
                if fresh:
                    raise
                self._look()
                fresh = True
                continue
            facts = [*self._waiting.facts(), *more]
            if not facts or self._try(seen, facts, view):
                return
            self._pause(attempt)
            self._look()
            fresh = True
        raise Busy(
            f"others keep writing to {self._seals.where}; after {ATTEMPTS} attempts nothing of this was recorded",
            hint="run again; where many jobs share one record, let them run one after the other",
        )

    def _try(self, seen: Seen, facts: Sequence[Fact], after: Ledger) -> bool:
        now = self._clock.now()
        data, parsed = grown(seen, facts, self._pushed, self._seals, now)
        commit = self._file.commit(seen, data, parsed.end, _subject(facts), now)
        try:
            if not self._file.push(commit, seen):
                return False
        except Unreachable:
            # The answer is lost, the push perhaps not.
            if not self._file.holds(commit, self._file.look(seen)):
                raise
        self._seen = Seen(commit, data, parsed)
        self._looked = self._clock.monotonic()
        self._waiting.clear()
        self._pushed = self._view = after
        return True

    def _pause(self, attempt: int) -> None:
        share = 0.5 + self._randomness(1)[0] / 256
        self._clock.sleep(min(2.0, 0.05 * 2**attempt) * share)


def _under(known: Ledger, lease: Lease | None, facts: Sequence[Fact]) -> Sequence[Fact]:
    """The facts, if the lease still is the newest. Raises LeaseLost."""
    if lease is not None:
        known.require(lease)
    return facts


def _with(known: Ledger, lease: Lease, facts: Sequence[Fact]) -> Ledger:
    changed = known.copy()
    changed.learn(_under(known, lease, facts))
    return changed


def _subject(facts: Sequence[Fact]) -> str:
    counts = Counter(kind for kind, _ in facts)
    return f"Record {', '.join(f'{number} {kind}' for kind, number in sorted(counts.items()))}"
