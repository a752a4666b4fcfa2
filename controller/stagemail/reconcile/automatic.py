"""One pass of one stage by the controller: through ``once``, as the CLI does it, and told as data.

Whatever stops a pass becomes data, so that one stage never stops another. Not here: when (``loop``, ``schedule``), the
gates (``gates``), which revision is followed where the newest must wait (``candidates``).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from stagemail.errors import Busy, RateLimited, StagemailError, UserMustFix
from stagemail.model.happening import Finished
from stagemail.model.policy import Policy
from stagemail.model.revision import Loaded
from stagemail.model.run import Run
from stagemail.model.standing import Standing
from stagemail.model.verdict import Verdict
from stagemail.planning import windows
from stagemail.ports import Clock, Entry, Follower
from stagemail.reconcile import conditions, gates
from stagemail.reconcile.candidates import followed
from stagemail.reconcile.judging import RUNS
from stagemail.reconcile.lasting import drift_ages
from stagemail.reconcile.once import once
from stagemail.reconcile.receipts import Receipts, of_run, of_turn
from stagemail.reconcile.request import Request
from stagemail.reconcile.setup import Passed
from stagemail.reconcile.standings import MOST_UNTOLD
from stagemail.reconcile.turns import noted
from stagemail.reconcile.watching import watch_of
from stagemail.reconcile.world import World

BUSY_AGAIN = 4.0
"""Seconds until the next try where another run holds the organization: that is nobody's failure, and a try asks only
the record. It is part of the time in which a dead worker is replaced (``dispatch``)."""


GIVEN_UP = timedelta(days=7)
"""After so long, people are not told any more what they could not be told."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Passes of the controller. ``source_of``: by stage; ``world`` and ``request`` are made anew for each pass."""

    sources: Mapping[str, Follower]
    source_of: Mapping[str, str]
    world: Callable[[str], World]
    request: Callable[[str, Loaded, Mapping[str, str]], Request]
    clock: Clock
    receipts: Receipts
    """Who was told what: that is taken off the record."""
    looks: dict[str, dict[str, int]] = field(default_factory=dict)
    """By target and stage, the seconds of the platform's limits that one look takes."""

    def __call__(self, stage: str, verdict: Verdict, reason: str) -> Passed:
        """One pass of a stage."""
        return _Pass(self, stage, verdict, reason).done()


class _Pass:
    def __init__(self, automatic: Automatic, stage: str, verdict: Verdict, reason: str) -> None:
        self._automatic, self._stage, self._verdict, self._reason = automatic, stage, verdict, reason
        self._clock = automatic.clock
        self._start = self._clock.monotonic()
        self._world: World | None = None
        self._revision = verdict.follow
        self._before = self._after = Standing(stage)
        self._earlier: tuple[Run, ...] = ()
        self._over: frozenset[str] = frozenset()
        self._request: Request | None = None

    def done(self) -> Passed:
        run: Run | None = None
        error: StagemailError | None = None
        try:
            run = self._reconciled()
        except StagemailError as problem:
            error = problem
        with suppress(StagemailError):  # a record that is away was the error, or will be the next one's
            self._earlier = self._untold()
            self._after = self._kept(error)
        finished = Finished(
            stage=self._stage,
            source=self._automatic.source_of[self._stage],
            at=self._clock.now(),
            seconds=self._clock.monotonic() - self._start,
            reason=self._reason,
            revision=self._revision,
            wanted=self._verdict.tip,
            run=run,
            earlier=self._earlier,
            conditions=self._after.conditions,
            changed=conditions.changed(self._before, self._after),
            turns=self._after.turns,
            error=error.sentence if error else "",
        )
        failed = run.status not in ("done", "held") if run else not isinstance(error, Busy)
        again = self._asked_for(error) if failed or error is not None else self._opens()
        return Passed(finished, failed=failed, again=again, at_least=self._at_least())

    def _at_least(self) -> float:
        """The seconds that looks at all stages of this target take, as far as they are known: `status` tells the same.

        Counted from the listings of this pass, so it costs no call.
        """
        world = self._world
        if world is None or self._request is None:
            return 0.0
        looks = self._automatic.looks.setdefault(world.target_name, {})
        with suppress(StagemailError):
            watch = watch_of([self._request], world)
            if watch is not None and watch.stages:
                looks[self._stage] = watch.seconds
        return float(sum(looks.values()))

    def _reconciled(self) -> Run:
        automatic, stage = self._automatic, self._stage
        self._world = world = automatic.world(stage)
        self._before = self._after = world.standings.standing(stage)
        if not self._verdict.follow:
            raise UserMustFix(self._verdict.message, hint=self._verdict.hint)
        source = automatic.sources[automatic.source_of[stage]]
        tip = self._verdict.follow
        request = self._asked(source, tip)
        chosen = followed(request.policy.gating, self._before, tip, source, world)
        if chosen != tip:
            request = self._asked(source, chosen)
        self._revision, self._request = chosen, request
        return once(request, world)

    def _asked(self, source: Follower, revision: str) -> Request:
        made = self._automatic.request(self._stage, source.load(revision), source.contents(revision))
        return replace(made, verdict=self._verdict)

    def _untold(self) -> tuple[Run, ...]:
        """Runs of passes before, of whose end perhaps nobody was told; this pass has ended those that were killed."""
        ids = set(self._before.untold)
        if self._world is None or not ids:
            return ()
        runs = [run for run in self._world.record.runs(self._stage, MOST_UNTOLD) if run.id in ids]
        self._over = frozenset(
            {*ids - {run.id for run in runs}, *(run.id for run in runs if self._is_old(run.finished))}
        )
        return tuple(run for run in reversed(runs) if run.finished is not None and run.id not in self._over)

    def _still_untold(self, standing: Standing) -> Standing:
        """Without what people were told, or can be told no more."""
        receipts = self._automatic.receipts
        runs = {id_ for id_ in standing.untold if id_ in self._over or receipts.is_told(of_run(id_))}
        turns = {
            t for t in standing.turns if self._is_old(t.condition.since) or receipts.is_told(of_turn(self._stage, t))
        }
        for what in (*map(of_run, runs), *(of_turn(self._stage, turn) for turn in turns)):
            receipts.forget(what)
        return replace(
            standing,
            untold=tuple(id_ for id_ in standing.untold if id_ not in runs),
            turns=tuple(turn for turn in standing.turns if turn not in turns),
        )

    def _is_old(self, at: datetime | None) -> bool:
        return at is not None and self._clock.now() - at > GIVEN_UP

    def _kept(self, error: StagemailError | None) -> Standing:
        """How the stage stands now; written down where the run could not do that itself."""
        if self._world is None:
            return self._after
        now = self._clock.now()
        standing = known = self._world.standings.standing(self._stage)
        if error is not None and not isinstance(error, Busy):
            standing = conditions.after_error(standing, error, self._revision, now)
        if self._verdict.held:
            standing = conditions.held_back(known, standing, self._verdict, now)
        standing = noted(known, self._still_untold(standing), self._verdict.tip)
        if standing != known:
            self._world.record.append([Entry(standing=standing)], None)
        return standing

    def _asked_for(self, error: StagemailError | None) -> float:
        """Seconds before which a try that failed must not be made again; 0 where the usual pause does.

        When a gate opens is no such time: what failed behind an open one would wait for hours.
        """
        if isinstance(error, Busy):
            return BUSY_AGAIN
        return (error.retry_after or 0.0) if isinstance(error, RateLimited) else 0.0

    def _opens(self) -> float:
        """Seconds until something can change by itself: a gate or a window opens."""
        if self._world is None or self._request is None:
            return 0.0
        return _opens(self._request.policy, self._world, self._clock)


def _opens(policy: Policy, world: World, clock: Clock) -> float:
    """Seconds until the first gate of a stage may open, or drift is healed; 0 where nothing is waited for."""
    stage, gating, now = policy.stage, policy.gating, clock.now()
    found = [windows.opens_in(gating.sync_windows, now), windows.opens_in(gating.heal_windows, now)]
    with suppress(StagemailError):
        decision = gates.suspension_of(stage, world.standings.decisions(), now)
        if decision is not None and decision.until is not None:
            found.append((decision.until - now).total_seconds())
        mine = world.standings.standing(stage)
        for other in gating.depends_on:
            times = world.standings.standing(other).readiness[:1]
            found += [gating.soak - (now - time.since).total_seconds() for time in times]
        if mine.canary is not None:
            found.append(gating.canary_soak - (now - mine.canary.since).total_seconds())
        if policy.automated and policy.heal_after:
            found += [policy.heal_after - age for age in drift_ages(world.record.runs(stage, RUNS), now).values()]
    ahead = [seconds for seconds in found if seconds > 0]
    return min(ahead) + 1.0 if ahead else 0.0
