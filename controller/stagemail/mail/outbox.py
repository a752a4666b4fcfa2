"""The books of test messages: a folder with one small file per attempt, written through to the disk.

A file is made once and never by two: who comes second finds it there. It holds who and when, never the content.
Not here: what a message is (``composing``), whether it may be sent (``reconcile.send_test``).
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from stagemail.errors import Busy, CorruptRecord, NotFound
from stagemail.model.message import Message, MessageState


class MemoryOutbox:
    """Implements ``ports.Outbox`` in this process's memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Message] = {}

    def begin(self, message: Message) -> None:
        """See ``ports.Outbox.begin``."""
        place = (message.id, message.attempt)
        if place in self._kept:
            raise taken(message)
        self._kept[place] = message

    def settle(self, message: Message, state: MessageState, reply: str) -> None:
        """See ``ports.Outbox.settle``."""
        if (message.id, message.attempt) not in self._kept:
            raise missing(message)
        self._kept[message.id, message.attempt] = replace(message, state=state, reply=reply)

    def messages(self) -> tuple[Message, ...]:
        """See ``ports.Outbox.messages``."""
        return tuple(sorted(self._kept.values(), key=lambda it: (it.at, it.id, it.attempt)))


class FolderOutbox:
    """Implements ``ports.Outbox`` in a folder of this machine (0700), made when first needed.

    ``scrub`` takes known credentials out of what servers replied.
    """

    def __init__(self, folder: Path, scrub: Callable[[str], str] = str) -> None:
        self._folder = folder
        self._scrub = scrub

    def begin(self, message: Message) -> None:
        """See ``ports.Outbox.begin``."""
        partial = self._written(message)
        try:
            self._path(message).hardlink_to(partial)
        except FileExistsError:
            raise taken(message) from None
        finally:
            partial.unlink()
        self._through()

    def settle(self, message: Message, state: MessageState, reply: str) -> None:
        """See ``ports.Outbox.settle``."""
        path = self._path(message)
        if not path.exists():
            raise missing(message)
        self._written(replace(message, state=state, reply=self._scrub(reply))).replace(path)
        self._through()

    def messages(self) -> tuple[Message, ...]:
        """See ``ports.Outbox.messages``."""
        found = [_read(path) for path in sorted(self._folder.glob("*.json"))] if self._folder.exists() else []
        return tuple(sorted(found, key=lambda it: (it.at, it.id, it.attempt)))

    def take_over(self, folder: Path) -> None:
        """Take in what another folder has and this one has not; what is there stays. Run again, it goes on.

        Raises CorruptRecord.
        """
        for message in FolderOutbox(folder).messages():
            with suppress(Busy):  # it is here already
                self.begin(message)

    def _written(self, message: Message) -> Path:
        """A file of this process with the whole message, on the disk."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f"{message.id}.{message.attempt}.{os.getpid()}.partial"
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({**asdict(message), "at": message.at.isoformat()}, file, ensure_ascii=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        return partial

    def _through(self) -> None:
        """The folder's own names are on the disk."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, message: Message) -> Path:
        return self._folder / f"{message.id}.{message.attempt}.json"


def _read(path: Path) -> Message:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        recipients, at = tuple(found.pop("recipients")), datetime.fromisoformat(found.pop("at"))
        return Message(**found, recipients=recipients, at=at)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    hint = "somebody changed it: look at it, then remove it"
    raise CorruptRecord(f"{path} is no record of a test message", hint=hint)


def taken(message: Message) -> Busy:
    """Another process began the same message."""
    return Busy(
        f"test message {message.id} is being sent by another process",
        hint="wait until it has ended, then run again: it says what became of it",
    )


def missing(message: Message) -> NotFound:
    """A message of which the books know nothing."""
    return NotFound(f"no test message {message.id} is in the books", hint="run from the checkout that sent it")
