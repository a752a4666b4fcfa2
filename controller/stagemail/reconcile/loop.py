"""The loop of the controller: looks at its sources, finds out what is due, and has it done by the dispatcher.

Level-triggered: every pass compares what is with what shall be, so a lost or doubled hint costs a look. Looking at a
source is a job like any other, so a Git server that hangs holds up nothing else. Not here: one pass of one stage
(``automatic``), who does jobs when (``dispatch``), when the next is due (``schedule``), building it all (``wiring``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

from stagemail.errors import StagemailError
from stagemail.model.happening import Looked, Reloaded, Ticked
from stagemail.model.job import Hint, Job
from stagemail.model.news import Exchange, News
from stagemail.model.stopped import Stopped
from stagemail.model.verdict import Verdict
from stagemail.ports import Clock, Dispatcher
from stagemail.reconcile.observers import Observers
from stagemail.reconcile.pace import Pace
from stagemail.reconcile.schedule import SPREAD, Random, Schedule
from stagemail.reconcile.setup import Followed, Setup, news_of

IDLE = 60.0
"""Seconds between two looks at the clock, and at the operator file, where nothing is due."""
START_SPREAD = 60.0
"""Seconds over which the first look for drift of all stages is spread after a start."""


@dataclass(slots=True)
class _Known:
    """Where the branches are, the contents that each stage was last woken for, and what was decided about it."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    decided: Mapping[str, str] | None = None


class Loop:
    """One controller. ``wake`` may be called from any thread; ``tick`` and ``run`` from one.

    ``renew`` gives a new setup where the operator file changed, and None where it did not; it raises StagemailError
    where the new one is not valid. ``alarm`` ends the pause of ``run``. ``exchange``: stages are reconciled elsewhere,
    by whoever takes the dispatcher's jobs; ``hear`` is told what that gave.
    """

    def __init__(
        self,
        setup: Setup,
        dispatcher: Dispatcher,
        *,
        clock: Clock,
        random: Random,
        observers: Observers,
        renew: Callable[[], Setup | None] = lambda: None,
        alarm: Callable[[], None] = lambda: None,
        exchange: Exchange | None = None,
    ) -> None:
        self._setup = setup
        self._dispatcher = dispatcher
        self._clock = clock
        self._random = random
        self._tell = observers.tell
        self._trouble = observers.trouble
        self._renew = renew
        self._alarm = alarm
        self._exchange = exchange
        self._lock = Lock()
        self._stages = Schedule(random)
        self._sources = Schedule(random)
        self._known = _Known()
        self._pace = Pace(())
        self._plan(setup)

    def start(self) -> None:
        """Begin to take jobs."""
        self._dispatcher.serve(self.work)

    def run(self, is_stopped: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Tick until told to stop. ``pause`` waits so many seconds, or until ``alarm`` is called."""
        self.start()
        while not is_stopped():
            pause(self.tick())

    def wake(self, hint: Hint) -> None:
        """Look at a source now (all of them where it names none). From any thread; never fails."""
        with self._lock:
            now = self._clock.monotonic()
            for name in self._setup.sources:
                if hint.source in ("", name):
                    self._sources.wake(name, now, "asked")
        self._alarm()

    def check(self, stage: str) -> None:
        """Reconcile a stage now. From any thread; never fails."""
        with self._lock:
            self._stages.wake(stage, self._clock.monotonic(), "asked")
        self._alarm()

    def tick(self) -> float:
        """Have everything done that is due; gives the seconds until something else is."""
        self._reload()
        with self._lock:
            now = self._clock.monotonic()
            late = max(
                (now - at for at in (self._stages.next_at(), self._sources.next_at()) if at is not None), default=0
            )
            jobs = [self._look(name, reason) for name, reason in self._sources.take(now)]
            jobs += [self._job(name, reason) for name, reason in self._stages.take(now)]
        defect = _defect(partial(self._hand_all_out, jobs, late))
        if defect:
            self._put_off(jobs, defect)
        with self._lock:
            return max(0.0, min([IDLE, *(at - self._clock.monotonic() for at in self._upcoming())]))

    def hear(self, news: News) -> None:
        """What another process says: a pass ended there, or somebody wants a source looked at. From any thread."""
        if news.kind == "look":
            self.wake(Hint(news.name))
            return
        with self._lock:
            followed = self._setup.stages.get(news.name)
            if followed is not None:
                self._ended(followed, news)
        self._alarm()

    def take(self, setup: Setup) -> None:
        """Begin anew with this one, as at a start: this controller leads from now on."""
        self._plan(setup)

    def _hand_all_out(self, jobs: Sequence[Job], late: float) -> None:
        try:
            for job in jobs:
                self._hand_out(job)
            if jobs:
                self._tell(Ticked(self._clock.now(), self._dispatcher.depth(), max(0.0, late)))
        except StagemailError as problem:
            self._put_off(jobs, problem.sentence)

    def _hand_out(self, job: Job) -> None:
        """Have a job done. A stage that is reconciled elsewhere is due again at its interval, whatever comes of it."""
        is_elsewhere = self._exchange is not None and job.kind == "reconcile"
        if is_elsewhere and self._setup.stages[job.name].source not in self._known.verdicts:
            self._unseen(job)
            return
        if self._is_mine(job):
            self._dispatcher.submit(job)
        if is_elsewhere:
            with self._lock:
                self._stages.handed_out(job.name, self._clock.monotonic(), self._setup.stages[job.name].interval)

    def _unseen(self, job: Job) -> None:
        """Its source could not be looked at yet: whoever sees it first wakes the stage."""
        with self._lock:
            self._known.contents.pop(job.name, None)
            self._stages.done(job.name, self._clock.monotonic(), self._setup.poll)

    def _put_off(self, jobs: Sequence[Job], problem: str) -> None:
        """The dispatcher cannot be reached: everything is due again soon. What it took nevertheless is done once."""
        self._trouble("jobs", problem)
        with self._lock:
            for job in jobs:
                schedule = self._sources if job.kind == "look" else self._stages
                schedule.done(job.name, self._clock.monotonic(), self._setup.poll, failed=True)

    def _is_mine(self, job: Job) -> bool:
        """Periodic work is done by one controller only, however many share a dispatcher; the others wait for more."""
        is_look = job.kind == "look"
        interval = self._setup.poll if is_look else self._setup.stages[job.name].interval
        if job.reason != "interval" or self._dispatcher.is_due(job.id, interval * (1 - SPREAD) / 2):
            return True
        with self._lock:
            (self._sources if is_look else self._stages).done(job.name, self._clock.monotonic(), interval)
        return False

    def _upcoming(self) -> list[float]:
        return [at for at in (self._stages.next_at(), self._sources.next_at()) if at is not None]

    def work(self, job: Job) -> None:
        """Do one job. Called by the dispatcher, from any thread; raises nothing."""
        try:
            defect = _defect(partial(self._do_look if job.kind == "look" else self._do_stage, job))
        except Stopped:
            return
        if defect:
            self._trouble(job.id, defect)
            with self._lock:
                schedule = self._sources if job.kind == "look" else self._stages
                schedule.done(job.name, self._clock.monotonic(), self._setup.poll, failed=True)
        self._alarm()

    def _do_look(self, job: Job) -> None:
        setup = self._setup
        source = setup.sources.get(job.name)
        if source is None:
            return
        start, error = self._clock.monotonic(), ""
        known = self._known.verdicts.get(job.name)
        verdict = known
        contents: Mapping[str, str] = {}
        try:
            verdict = source.look()
            if verdict.follow and (known is None or verdict.follow != known.follow):
                contents = source.contents(verdict.follow)
            if self._exchange is not None and verdict != known and self._setup is setup:
                self._exchange.put(job.name, verdict)
        except StagemailError as problem:
            error = problem.sentence
        decided = _decided(setup)
        now = self._clock.monotonic()
        with self._lock:
            if self._setup is not setup:  # what is trusted may be another now, and its follower has yet to look
                self._sources.done(job.name, now, 0.0)
                return
            concerned = () if error or verdict is None else self._arrived(job.name, verdict, contents, now)
            self._sources.done(job.name, now, setup.poll, failed=bool(error))
            self._heard(decided, now)
        tip = verdict.tip if verdict and not error else ""
        said = f"{verdict.message}; {verdict.hint}" if verdict and verdict.held and not error else error
        is_new = bool(tip) and (known is None or known != verdict)
        self._tell(Looked(job.name, self._clock.now(), now - start, tip, is_new, concerned, said))

    def _arrived(self, source: str, verdict: Verdict, contents: Mapping[str, str], now: float) -> tuple[str, ...]:
        """Wake the stages whose documents are others than before, and only them; all where the branch is held."""
        before = self._known.verdicts.get(source)
        self._known.verdicts[source] = verdict
        concerned = []
        for stage, followed in sorted(self._setup.stages.items()):
            content = contents.get(stage, "")
            if followed.source == source and content and self._known.contents.get(stage, followed.settled) != content:
                self._known.contents[stage] = content
                self._stages.wake(stage, now, "start" if before is None and not followed.settled else "commit")
                concerned.append(stage)
            elif followed.source == source and verdict.reason != (before.reason if before else ""):
                self._stages.wake(stage, now, "history")
        return tuple(concerned)

    def _heard(self, decided: Mapping[str, str] | None, now: float) -> None:
        """Wake the stages about which a person decided something since the last look. None: nobody could be asked."""
        before = self._known.decided
        if decided is None:
            return
        self._known.decided = decided
        if before is not None and before != decided:
            for stage in self._setup.stages:
                if any(before.get(name) != decided.get(name) for name in ("", stage)):
                    self._stages.wake(stage, now, "decision")

    def _do_stage(self, job: Job) -> None:
        setup = self._setup
        followed = setup.stages.get(job.name)
        if followed is None:
            return
        verdict = self._known.verdicts.get(followed.source)
        if verdict is None:
            self._unseen(job)
            return
        start = self._clock.monotonic()
        passed = setup.reconcile(job.name, verdict, job.reason)
        with self._lock:
            self._ended(followed, news_of(passed, self._clock.monotonic() - start))
        self._tell(passed.finished)

    def _ended(self, followed: Followed, news: News) -> None:
        """A pass ended: its stage is due again when it should be, and who waits for it now. Holds the lock."""
        now = self._clock.monotonic()
        rest, ahead = self._pace.rest(followed, news)
        self._stages.done(followed.stage, now, rest, failed=news.failed, at_most=news.again, ahead=ahead)
        for other in self._waiting.get(followed.stage, ()) if news.changed else ():
            self._stages.wake(other, now, "dependency")

    def _look(self, name: str, reason: str) -> Job:
        return Job("look", name, f"source:{name}", reason)

    def _job(self, name: str, reason: str) -> Job:
        return Job("reconcile", name, self._setup.stages[name].key, reason)

    def _reload(self) -> None:
        try:
            setup = self._renew()
        except StagemailError as problem:
            self._tell(Reloaded(self._clock.now(), problem.sentence))
            return
        if setup is not None:
            self._plan(setup)
            self._tell(Reloaded(self._clock.now()))

    def _plan(self, setup: Setup) -> None:
        """Take a setup: what is new is due soon, what is gone is forgotten, and every stage is looked at anew."""
        with self._lock:
            self._setup = setup
            self._waiting = _waiting(setup)
            now = self._clock.monotonic()
            self._known = _Known()
            self._pace = Pace(setup.stages.values())
            for schedule, names in ((self._sources, setup.sources), (self._stages, setup.stages)):
                schedule.keep_only(frozenset(names))
            for name in setup.sources:
                self._sources.add(name, now, "start")
                self._sources.wake(name, now, "start")
            for name, followed in setup.stages.items():
                spread = min(START_SPREAD, followed.interval)
                self._stages.add(name, now + spread * (0.1 + 0.9 * self._random()), "start")


def _decided(setup: Setup) -> Mapping[str, str] | None:
    try:
        return setup.decided()
    except StagemailError:  # the record is away: passes tell of it
        return None


def _waiting(setup: Setup) -> Mapping[str, Sequence[str]]:
    """Who follows whom, by the stage that goes first."""
    found: dict[str, list[str]] = {}
    for name, stage in sorted(setup.stages.items()):
        for first in stage.after:
            found.setdefault(first, []).append(name)
    return found


def _defect(work: Callable[[], None]) -> str:
    """What a defect in it is called, "" where there is none: the last net, since none must end the controller."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - see above
        return f"a defect of stagemail: {type(error).__name__}"
    return ""
