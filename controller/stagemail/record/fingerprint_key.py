"""The key of secret fingerprints: 32 random bytes in a file of their own beside the record, 0600.

Not here: what is done with the key (``reconcile.credentials``), or when it was lost (``lost_key``).
"""

import hmac
import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from stagemail.errors import CorruptRecord, NotPermitted
from stagemail.record.placing import place
from stagemail.record.sqlite_file import file_refusal

LENGTH: Final = 32

Randomness = Callable[[int], bytes]
"""Gives so many random bytes."""


def key_path(record: Path) -> Path:
    """Where the key of this record is kept."""
    return record.with_name(record.name + ".key")


def mark_of(key: bytes) -> str:
    """What a record keeps of the key, to notice another one: says nothing of it."""
    return hmac.new(key, b"stagemail record", sha256).hexdigest()[:32]


def load_or_create(path: Path, randomness: Randomness) -> bytes:
    """The key; made on first use. Raises CorruptRecord, NotFound, NotPermitted, UserMustFix."""
    try:
        try:
            return load(path)
        except FileNotFoundError:
            place(path, lambda draft: _write(draft, randomness(LENGTH)))
            return load(path)
    except OSError as error:
        failed = file_refusal(error, path)
    raise failed


def load(path: Path) -> bytes:
    """The key in this file. Raises CorruptRecord, NotPermitted, OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        key = file.read(LENGTH + 1) if stat.S_ISREG(mode) else b""
    if len(key) != LENGTH:
        raise CorruptRecord(
            f"{path} is not a fingerprint key ({LENGTH} bytes)",
            hint="restore it from a backup, or move it aside: a new one is made, and secrets count as unverified",
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotPermitted(f"others may read or change the fingerprint key {path}", hint=f"chmod 600 {path}")
    return key


def _write(draft: Path, key: bytes) -> None:
    with draft.open("wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
