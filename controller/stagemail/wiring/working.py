"""Builds a worker: it does the passes that a controller asks for, one of any number on any number of hosts.

Not here: a pass (``reconcile``), who is asked (``dispatch``), printing (``cli.worker``).
"""

from collections.abc import Sequence
from pathlib import Path

from stagemail.errors import StagemailError, UsageError
from stagemail.model.happening import Reloaded
from stagemail.ports import Observer
from stagemail.reconcile.net import Net
from stagemail.reconcile.stage_work import StageWork
from stagemail.resources.web import Web
from stagemail.wiring.process import GRACE, Process
from stagemail.wiring.tracing import Spans, no_spans

ROUND = 10.0
"""Seconds between two looks at the operator file."""


class Working(Process):
    """One worker. ``workers``: stages that it reconciles side by side, 0 for what the operator file says.

    ``listen``: host and port of its health and metrics, "" for none. Raises UsageError where the record is on one host.
    """

    def __init__(
        self,
        config: str | None,
        root: Path,
        net: Net,
        observers: Sequence[Observer] = (),
        spans: Spans = no_spans,
        *,
        state: str | None = None,
        workers: int = 0,
        listen: str = "",
    ) -> None:
        super().__init__(config, root, net, observers, spans, state=state)
        self._listen = listen
        sharing = self.running.sharing
        if sharing is None:
            raise UsageError(
                f"{self.path.name}: `state` is no PostgreSQL, so there is nothing to share with other hosts",
                hint="write `state: postgresql://…`, or run `stagemail controller` alone: it does everything itself",
            )
        self._sharing = sharing
        self.workers = workers or self.installation.operator.controller.workers
        self._dispatcher = sharing.dispatcher(self.workers)
        self._work = StageWork(lambda: self.current.setup, sharing.exchange, self.clock, self.observers)
        self._member = sharing.member(candidate=False, complain=self._complain, relieved=self._relieved)

    @property
    def web(self) -> Web | None:
        """See ``Process.web``: no webhooks, since it looks at nothing by itself."""
        return Web(listen=self._listen) if self._listen else None

    @property
    def watched(self) -> tuple[str, ...]:
        """See ``Process.watched``: none."""
        return ()

    def run(self) -> bool:
        """Work until ``stop``. False where something was still under way when the time for stopping was over."""
        self._member.start()
        self._dispatcher.serve(self._work)
        while not self._stopped.is_set():
            self._pause(ROUND)
            self._renew()
        ended = bool(self._dispatcher.stop(GRACE))
        self._member.leave()
        if ended:
            self.running.close()
            self._sharing.close()
        return ended

    def _renew(self) -> None:
        try:
            renewed = self.current.renew()
        except StagemailError as problem:
            self.observers.tell(Reloaded(self.clock.now(), problem.sentence))
        else:
            if renewed is not None:
                self.observers.tell(Reloaded(self.clock.now()))
