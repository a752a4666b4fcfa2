"""Passes that another process asked for: the controller says where a branch is, and the worker has it there as well.

The controller's verdict decides what may be followed, since it has seen the branch's whole history; the worker's own
look can only be stricter. Not here: when (``loop``), a pass itself (``automatic``), carrying jobs (``dispatch``).
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Final

from stagemail.errors import StagemailError, Unreachable
from stagemail.model.happening import Finished
from stagemail.model.job import Job
from stagemail.model.news import Exchange, News
from stagemail.model.stopped import Stopped
from stagemail.model.verdict import Verdict
from stagemail.ports import Clock
from stagemail.reconcile.observers import Observers
from stagemail.reconcile.setup import Passed, Setup, news_of

PATIENCE: Final = 30
"""Seconds to wait until the controller has seen what this host sees of a branch."""


class StageWork:
    """Does jobs of stages. ``setup`` gives what is in force now. Thread-safe; raises nothing."""

    def __init__(self, setup: Callable[[], Setup], exchange: Exchange, clock: Clock, observers: Observers) -> None:
        self._setup = setup
        self._exchange = exchange
        self._clock = clock
        self._observers = observers
        self._lock = Lock()
        self._seen: tuple[Setup | None, dict[str, Verdict]] = (None, {})
        """By source, the newest tip that this process looked at itself, for one setup."""

    def __call__(self, job: Job) -> None:
        """Do one job, tell what it gave."""
        start = self._clock.monotonic()
        try:
            passed = self._passed(job)
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001 - the last net: one job's defect must not end the worker
            self._observers.trouble(job.id, f"a defect of stagemail: {type(error).__name__}")
            passed = None
        took = self._clock.monotonic() - start
        with suppress(StagemailError):  # the controller asks again at the stage's interval
            self._exchange.tell(News("passed", job.name, failed=True) if passed is None else news_of(passed, took))
        if passed is not None:
            self._observers.tell(passed.finished)

    def _passed(self, job: Job) -> Passed:
        setup = self._setup()
        start = self._clock.monotonic()
        followed = setup.stages.get(job.name)
        source = followed.source if followed is not None else ""
        try:
            if followed is None:
                raise Unreachable(
                    f"{job.name}: this worker's operator file has no such stage",
                    hint="give every host the same operator file",
                )
            verdict = self._verdict(setup, source)
        except StagemailError as error:
            seconds = self._clock.monotonic() - start
            said = Finished(job.name, source, self._clock.now(), seconds, job.reason, error=error.sentence)
            return Passed(said, failed=True)
        return setup.reconcile(job.name, verdict, job.reason)

    def _verdict(self, setup: Setup, source: str) -> Verdict:
        """Where the branch is by the controller's word, once it is so on this host. Raises what a look raises."""
        told = self._exchange.verdict(source)
        if told is None:
            raise Unreachable(f"{source}: no controller has looked at it yet", hint="start `stagemail controller`")
        mine = self._look_of(setup).get(source)
        if mine is None or mine.tip != told.tip:
            mine = setup.sources[source].look()
            self._look_of(setup)[source] = mine
            told = self._agreed(source, mine, told)
        return mine if mine.held and not told.held else told

    def _agreed(self, source: str, mine: Verdict, told: Verdict) -> Verdict:
        """The controller's word on the tip that this host sees.

        What is there before it has looked may be from another time: a job that a killed controller left behind would
        take a stage back to a revision that a person has long applied a newer one over.
        """
        if mine.tip != told.tip:
            self._exchange.tell(News("look", source))
        for _ in range(PATIENCE):
            if mine.tip == told.tip:
                return told
            self._clock.sleep(1.0)
            told = self._exchange.verdict(source) or told
        if mine.tip == told.tip:
            return told
        raise Unreachable(
            f"{source}: its branch is at {mine.tip[:12]} here, and the controller saw {told.tip[:12]} last",
            hint="nothing was done; it is tried again. Does a controller run, and do all hosts see one Git server?",
        )

    def _look_of(self, setup: Setup) -> dict[str, Verdict]:
        with self._lock:
            if self._seen[0] is not setup:
                self._seen = (setup, {})
            return self._seen[1]
