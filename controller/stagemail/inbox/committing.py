"""Commits what arrives in batches: an answer waits for its commit, and many waiting share one.

Not here: what a commit is (``store``).
"""

import asyncio
import queue
import sqlite3
import threading
from dataclasses import dataclass

from stagemail.inbox.store import Arrived, Writer
from stagemail.ports import Clock

MOST_IN_ONE = 200
"""Messages of one commit."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    arrived: Arrived
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[int]"


class Committer:
    """A thread that keeps what it is given. ``batches`` counts commits."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox-committer", daemon=True)
        self._thread.start()
        self.batches = 0

    async def keep(self, arrived: Arrived) -> int:
        """Its number, once it is on disk. Raises sqlite3.Error."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        self._queue.put(_Waiting(arrived, loop, answer))
        return await answer

    def close(self) -> None:
        """Keep what waits, then end."""
        self._queue.put(None)
        self._thread.join(30)

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch, ending = [first], False
            while len(batch) < MOST_IN_ONE and not ending:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                ending = more is None
                batch += [more] if more is not None else []
            self._commit(batch)
            if ending:
                return

    def _commit(self, batch: list[_Waiting]) -> None:
        self.batches += 1
        try:
            numbers = self._writer.keep([one.arrived for one in batch], self._clock.now())
        except sqlite3.Error as error:
            for one in batch:
                _tell(one, error)
            return
        for one, number in zip(batch, numbers, strict=True):
            _tell(one, number)


def _tell(one: _Waiting, result: int | sqlite3.Error) -> None:
    def answer() -> None:
        if one.answer.done():  # the session ended meanwhile
            return
        if isinstance(result, sqlite3.Error):
            one.answer.set_exception(result)
        else:
            one.answer.set_result(result)

    if not one.loop.is_closed():
        one.loop.call_soon_threadsafe(answer)
