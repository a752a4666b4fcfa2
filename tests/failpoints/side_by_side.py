"""Work by several processes that end with the one that began them, however that ends, and take their own along.

Not here: what they do (``parts``).
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import NoReturn, TypeVar

from tests.tied import end_with_parent

T = TypeVar("T")


def by_all(work: Callable[[int], T], workers: int) -> list[T]:
    """Have each of so many processes do its part; an interruption lets each tidy up what it began."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), _begin, (os.getpid(),)) as pool:
        try:
            return list(pool.map(partial(_worked, work), range(workers)))
        except BaseException:
            for process in multiprocessing.active_children():
                with suppress(ProcessLookupError):
                    os.kill(process.pid or 0, signal.SIGINT)
            raise


def _worked(work: Callable[[int], T], number: int) -> T:
    """An interruption is the end of this process: whoever would tell it what comes next is perhaps no more."""
    try:
        return work(number)
    except KeyboardInterrupt:
        os._exit(130)


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, _once)
    signal.signal(signal.SIGTERM, _once)
    end_with_parent(signal.SIGINT, parent)


def _once(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Stop here; what tidies up is not stopped in turn."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
