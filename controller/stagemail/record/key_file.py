"""Changes the fingerprint key of a file record, so that a kill at any moment leaves a key that fits the record.

The new key lies beside the old one before the record's transaction, and takes its place after it. Whoever opens the
record in between finds by the record's mark which of the two it was written with.
Not here: making the first key (``fingerprint_key``), what is written in the transaction (``rekeying``).
"""

import os
from contextlib import suppress
from pathlib import Path

from stagemail.record.fingerprint_key import load, mark_of
from stagemail.record.placing import sync


class KeyFile:
    """The key beside a record, and the one that may follow it. All methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = path.with_name(f"{path.name}.next")

    def prepare(self, key: bytes) -> None:
        """Put the new key on disk, beside the old one."""
        self._next.unlink(missing_ok=True)
        descriptor = os.open(self._next, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        sync(self.path.parent)

    def adopt(self) -> None:
        """Let the new key take the old one's place; no error where another process has done it."""
        with suppress(FileNotFoundError):
            self._next.replace(self.path)
        sync(self.path.parent)

    def fitting(self, mark: str | None, key: bytes) -> bytes:
        """The key that a record with this mark was written with, if it is there; else the one that was given.

        Ends what a killed change left undone.
        """
        if mark is None or mark == mark_of(key):
            return key
        with suppress(FileNotFoundError):
            following = load(self._next)
            if mark == mark_of(following):
                self.adopt()
                return following
        return load(self.path)
