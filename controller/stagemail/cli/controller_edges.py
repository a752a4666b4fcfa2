"""What stands around the controller's loop: log, port, metrics, notifications; each loaded only where it is wanted.

Not here: the loop (``wiring.controlling``), the command (``controller``).
"""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Thread, Timer
from types import FrameType, ModuleType
from typing import Any, Protocol

import click

from stagemail.errors import UserMustFix
from stagemail.model.happening import Happening, Ticked
from stagemail.ports import Observer
from stagemail.reconcile.net import Net
from stagemail.report.escape import visible
from stagemail.report.happenings import happening_text
from stagemail.wiring.archiver import Archiver
from stagemail.wiring.process import Process
from stagemail.wiring.telling import Means, Telling

TELLERS = 2
"""Notifications and commit statuses that are sent at the same time at most."""
CYCLES = (700, 10, 10)
"""When Python looks for objects that refer to each other, as it does by itself. Commands look seldom, to be quick: a
process that runs for months would keep some of what each pass leaves, for ever."""
LOADED = 60.0
"""Seconds after a start in which all that the process needs was loaded, the first passes done."""


class Log(Protocol):
    """Where the controller writes what happens."""

    def saw(self, happening: Happening) -> None:
        """Write it, where it is worth a line."""
        ...

    def complain(self, message: str) -> None:
        """Write something that is nobody's pass."""
        ...


class TextLog:
    """A line for each thing that happens, on standard output, for people and for the journal of systemd."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub

    def saw(self, happening: Happening) -> None:
        """Print it, where it is worth a line."""
        text = "" if isinstance(happening, Ticked) else happening_text(happening)
        if text:
            click.echo(self._scrub(text))

    def complain(self, message: str) -> None:
        """Print it."""
        click.echo(visible(self._scrub(message)), err=True)


class Around:
    """Implements ``ports.Observer``: hands everything to all who stand around the loop, whichever of them fails."""

    def __init__(self, log_format: str, net: Net) -> None:
        self._scrub = net.scrub
        self._log: Log = (
            TextLog(self._scrub) if log_format == "text" else _loaded("cli.controller_log").JsonLog(self._scrub)
        )
        self._observers: list[Observer] = [self._log]
        self._serving: Any = None
        self._archiver: Archiver | None = None
        self._executor = ThreadPoolExecutor(TELLERS, thread_name_prefix="telling")

    def saw(self, happening: Happening) -> None:
        """Hand it on. Raises the last error of those who failed, when all the others were told."""
        failure: Exception | None = None
        for observer in self._observers:
            try:
                observer.saw(happening)
            except Exception as error:  # noqa: BLE001 - the others must be told all the same
                failure = error
        if failure is not None:
            raise failure

    def start(self, controlling: Process) -> str:
        """Stand around this controller; gives the address that is listened on, "" for none.

        Raises UsageError where the address is taken, UserMustFix where the extra is not installed.
        """
        operator = controlling.installation.operator
        web = controlling.web
        metrics = _loaded("web.metrics").Metrics() if web is not None else None
        notifier = _loaded("notify.by_apprise").AppriseNotifier if operator.notifications else None
        told = metrics.notified if metrics is not None else _uncounted
        means = Means(notifier, self._log.complain, self._executor, told, self._scrub)
        observers: list[Observer] = [Telling(controlling, means)]
        self._archiver = Archiver(controlling, self.saw)
        observers.append(self._archiver)
        address = ""
        if web is not None and metrics is not None:
            self._serving = _loaded("web.serving").Serving(controlling, metrics, self._log.complain, self._scrub)
            address = self._serving.start(web)
            observers += [metrics, self._serving]
        self._observers += observers
        self._archiver.start()
        return address

    def stop(self) -> None:
        """End listening; what is still to be told is not waited for."""
        if self._serving is not None:
            self._serving.stop()
        if self._archiver is not None:
            self._archiver.stop()
        self._executor.shutdown(wait=False, cancel_futures=True)


def serve(process: Process, around: Around, begun: str, send_last: Callable[[], None]) -> int:
    """Run it until SIGTERM or Ctrl-C; gives the exit code. ``begun``: what it does, in words."""
    _stop_on_signals(process.stop)
    gc.set_threshold(*CYCLES)
    loaded = Timer(LOADED, set_apart)
    loaded.daemon = True
    loaded.start()
    address = around.start(process)
    click.echo(f"{begun}; SIGTERM ends it")
    if address:
        click.echo(f"listening on {address}")
    sys.stdout.flush()
    ended = process.run()
    loaded.cancel()
    around.stop()
    send_last()
    if ended:
        click.echo("stopped")
        return 0
    click.echo("stopped while something was still under way; the next start finds out what became of it", err=True)
    sys.stdout.flush()
    os._exit(0)  # a thread that waits for an answer cannot be ended otherwise; the record is as safe as after a kill


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """Have another thread stop it. A handler runs in the middle of whatever the main thread does, also of an earlier
    handler, and would wait for ever for a lock that it holds (docs.python.org, `queue`: ``put`` alone is reentrant)."""
    asked: SimpleQueue[int] = SimpleQueue()

    def told(number: int, _frame: FrameType | None) -> None:
        asked.put(number)

    def wait() -> None:
        asked.get()
        stop()

    Thread(target=wait, name="stagemail-stop", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)


def set_apart() -> None:
    """Set apart what was loaded, so that it no longer counts when Python looks for objects that refer to each other.

    Python looks at the old ones only once the new ones are a quarter of all (docs.python.org, `gc`): with the code of
    all libraries among them that took hours, and some 10 MB of what passes had left.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # takes little, and tells Python how few are left


def _uncounted(_name: str, _sent: bool) -> None:
    """Nobody reads metrics."""


def _loaded(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"stagemail.{name}")
    except ModuleNotFoundError as error:
        raise UserMustFix(
            f"{error.name} is not installed; the controller needs it for its port, notifications or JSON log",
            hint="pip install 'stagemail[controller]', or take `web` and `notifications` out of the operator file",
        ) from None
