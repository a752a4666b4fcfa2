"""Work in a copy of this process, on another processor: a command that reads a thousand files has one to spare.

Only where this process has one thread (a copy has no other, and what they hold would stay held), so never in the
controller. Not here: the work (``source.tree_documents``, ``cli.recall``, ``cli.ahead``).
"""

import json
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn, TypeVar

from stagemail.dataclass import dataclass

Plain = TypeVar("Plain")
"""What JSON gives back as it was."""


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Begin the work; what this gives waits for it. Whether it was done, or failed, or could not begin: nobody is told.

    It is over with the context: what is not done by then is ended.
    """
    with _ended(_copied(work)) as wait:
        yield wait


@contextmanager
def answering(work: Callable[[], Plain]) -> Iterator[Callable[[], Plain | None]]:
    """Begin the work; what this gives waits for its answer, once: None where it failed.

    Where it could not begin beside this process, it is done here when it is asked for, and raises what it raises.
    """
    reading, writing = os.pipe()

    def tell() -> None:
        answer = json.dumps(work())
        with os.fdopen(writing, "w", encoding="ascii") as to:
            to.write(answer)

    with os.fdopen(reading, "rb") as told:
        copy = _copied(tell)
        os.close(writing)

        def answer() -> Plain | None:
            if not copy:
                return work()
            try:
                found: Plain = json.loads(told.read())
            except ValueError:
                return None
            return found

        with _ended(copy):
            yield answer


@dataclass(frozen=True, slots=True)
class Telling:
    """Work of two parts in a copy: ``told`` waits for the first, ``ended`` for all of it."""

    told: Callable[[], None]
    ended: Callable[[], None]
    is_told: Callable[[], bool]
    """Whether ``told`` would not wait."""


@contextmanager
def telling(work: Callable[[Callable[[], None]], None]) -> Iterator[Telling]:
    """Begin the work, which is given what to call when its first part is done. As ``beside`` in everything else."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as sign:
        copy = _copied(lambda: work(lambda: os.close(writing)))
        os.close(writing)
        with _ended(copy) as wait:
            yield Telling(lambda: _until_closed(sign), wait, lambda: _is_closed(sign))


def _until_closed(sign: BinaryIO) -> None:
    sign.read()


def _is_closed(sign: BinaryIO) -> bool:
    return bool(select.select([sign], [], [], 0)[0])


@contextmanager
def _ended(copy: int) -> Iterator[Callable[[], None]]:
    """The copy is over with the context; 0 is none."""
    ended = copy == 0

    def wait() -> None:
        nonlocal ended
        if not ended:
            os.waitpid(copy, 0)
            ended = True

    try:
        yield wait
    finally:
        if not ended:
            os.kill(copy, signal.SIGKILL)
            wait()


def _copied(work: Callable[[], None]) -> int:
    """The id of the copy that does the work; 0 where there is none."""
    if threading.active_count() > 1 or (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return 0
    try:
        copy = os.fork()
    except OSError:
        return 0
    if copy == 0:
        _do(work)
    return copy


def _do(work: Callable[[], None]) -> NoReturn:
    """The copy: it leaves no trace but its work, and goes past whatever this process does at its end."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        work()
    finally:
        os._exit(0)
