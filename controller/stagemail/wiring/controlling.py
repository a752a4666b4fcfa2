"""Builds the controller: what the operator file says, dispatcher and loop; on one host, or as one of many.

Where the record is in PostgreSQL, one controller leads: it looks at the sources and says what is to be done, and passes
are done by whoever is free, this process among them. Not here: the loop (``reconcile.loop``), printing (``cli``).
"""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from stagemail.dispatch.in_process import InProcessDispatcher
from stagemail.dispatch.split import SplitDispatcher
from stagemail.errors import StagemailError, UsageError
from stagemail.model.happening import Led
from stagemail.model.job import Hint
from stagemail.model.news import News
from stagemail.ports import Dispatcher, Observer
from stagemail.reconcile.loop import IDLE, Loop
from stagemail.reconcile.net import Net
from stagemail.reconcile.setup import Setup
from stagemail.reconcile.stage_work import StageWork
from stagemail.wiring.process import GRACE, Process
from stagemail.wiring.tracing import Spans, no_spans

LOOKS = 8
"""Sources that are looked at side by side at most. They take no place of a pass: a Git server that hangs, for minutes,
must never keep a stage from being reconciled."""


class Controlling(Process):
    """One controller over one operator file. ``passes``: whether it does passes itself where workers could."""

    def __init__(
        self,
        config: str | None,
        root: Path,
        net: Net,
        observers: Sequence[Observer] = (),
        spans: Spans = no_spans,
        *,
        state: str | None = None,
        passes: bool = True,
    ) -> None:
        super().__init__(config, root, net, observers, spans, state=state)
        self._sharing: Any = self.running.sharing
        self._dispatcher: Dispatcher
        workers = self.installation.operator.controller.workers
        if self._sharing is None and not passes:
            raise UsageError(
                f"{self.path.name}: `state` is no PostgreSQL, so no worker can do what is left to workers",
                hint="write `state: postgresql://…`, or leave `--leave-to-workers` out",
            )
        looks = InProcessDispatcher(_thread, LOOKS, self.clock)
        self._serve: Callable[[], None]
        if self._sharing is None:
            alone = InProcessDispatcher(_thread, workers, self.clock)
            self._dispatcher = SplitDispatcher(looks, alone)
            self._serve = lambda: alone.serve(self.loop.work)
        else:
            stages = self._sharing.dispatcher(workers)
            self._dispatcher = SplitDispatcher(looks, stages)
            self._work = StageWork(lambda: self.current.setup, self._sharing.exchange, self.clock, self.observers)
            self._serve = (lambda: stages.serve(self._work)) if passes else _nothing
        self.loop = Loop(
            self.current.setup,
            self._dispatcher,
            clock=self.clock,
            random=random.random,
            observers=self.observers,
            renew=self._renew,
            alarm=self._alarm.set,
            exchange=self._sharing.exchange if self._sharing is not None else None,
        )
        self._member: Any = self._sharing and self._sharing.member(
            candidate=True, news=self._take_news, changed=self._alarm.set, complain=self._complain,
            relieved=self._relieved,
        )  # fmt: skip

    @property
    def watched(self) -> tuple[str, ...]:
        """See ``Process.watched``; one that does not lead has to see none."""
        return self.sources if self._member is None or self._member.leads else ()

    @property
    def leads(self) -> bool:
        """See ``Process.leads``."""
        return self._member is None or bool(self._member.leads)

    def wake(self, hint: Hint) -> None:
        """See ``Process.wake``; another controller that leads is told."""
        if self.leads:
            self.loop.wake(hint)
            return
        with suppress(StagemailError):  # the leader looks by itself within its interval
            self._sharing.exchange.tell(News("look", hint.source))

    def run(self) -> bool:
        """Work until ``stop``. False where something was still under way when the time for stopping was over."""
        if self._member is None:
            self._serve()
            self.loop.run(self._stopped.is_set, self._pause)
        else:
            self._run_among_others()
        ended = self._dispatcher.stop(GRACE)
        if self._member is not None:
            self._member.leave()
        if ended:
            self.running.close()
            if self._sharing is not None:
                self._sharing.close()
        return ended

    def _run_among_others(self) -> None:
        self._member.start()
        self._serve()
        stands_by = False
        while not self._stopped.is_set():
            if self._member.leads:
                stands_by = False
                self.observers.tell(Led(self.clock.now()))
                self.loop.take(self.current.again())
                self.loop.run(lambda: self._stopped.is_set() or not self._member.leads, self._pause)
            elif self._member.stands_by and not stands_by:
                stands_by = True
                self.observers.tell(Led(self.clock.now(), is_over=True))
            else:
                self._pause(IDLE)

    def _record_is_back(self) -> None:
        """Every stage is looked at now: none waits for the end of its pause."""
        for stage in self.installation.operator.stages if self.leads else ():
            self.loop.check(stage)

    def _take_news(self) -> None:
        """Called by the membership's thread; what cannot be taken now is taken later."""
        with suppress(StagemailError):
            for news in self._sharing.exchange.take():
                self.loop.hear(news)

    def _renew(self) -> Setup | None:
        return None if self._stopped.is_set() else self.current.renew()


def _nothing() -> None:
    """Workers do it."""


def _thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="stagemail-worker", daemon=True).start()
