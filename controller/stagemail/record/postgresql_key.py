"""Which fingerprint key belongs to a PostgreSQL record: a secret's, for many hosts, or a file's, for one.

The record keeps a mark of the key that it was begun with. Another key is refused and never taken silently, since two
hosts with two keys would each make the other's fingerprints worthless. Not here: what a key is for.
"""

import hmac
import re
from hashlib import sha256
from pathlib import Path
from typing import Final

from stagemail.errors import CorruptRecord, SecretUnusable, StagemailError, UserMustFix
from stagemail.model.secret import Secret
from stagemail.record.fingerprint_key import LENGTH, Randomness, key_path, load, load_or_create, mark_of
from stagemail.record.key_file import KeyFile
from stagemail.record.sqlite_file import translated
from stagemail.resources.postgresql_address import database_name

SHORTEST: Final = 32
"""Characters of the secret."""


def file_of(url: str, base: Path) -> Path:
    """Where this host keeps the key of a record without ``stateKey``: beside the operator file."""
    return key_path(base / f"{database_name(url)}.postgresql")


def key_of(secret: Secret) -> bytes:
    """The key in a secret: 64 hexadecimal digits are the key itself, as any other text it is derived.

    So the key of a record that began in a file can be put into a store. Raises SecretUnusable.
    """
    text = secret.reveal()
    if len(text) < SHORTEST:
        raise SecretUnusable(
            f"the secret of `stateKey` is shorter than {SHORTEST} characters", hint="make one: openssl rand -hex 32"
        )
    if re.fullmatch(f"[0-9a-fA-F]{{{2 * LENGTH}}}", text):
        return bytes.fromhex(text)
    return hmac.new(text.encode(), b"stagemail secret fingerprints v1", sha256).digest()


def held(mark: str | None, secret: Secret | None, file: Path, randomness: Randomness) -> tuple[bytes, KeyFile | None]:
    """The key for a record with this mark (None: a new record), and the file that it is in, if it is in one.

    Raises UserMustFix where it is not the one that the record was begun with, and says how to go on.
    """
    if secret is not None:
        key = key_of(secret)
        if mark not in (None, mark_of(key)):
            raise another_key("`stateKey`")
        return key, None
    key_file = KeyFile(file)
    if mark is None:
        return load_or_create(file, randomness), key_file
    return _kept(mark, key_file), key_file


def _kept(mark: str, key_file: KeyFile) -> bytes:
    failed: StagemailError | None = None
    with translated(key_file.path):
        try:
            try:
                found = load(key_file.path)
            except FileNotFoundError:
                found = b""  # the one that lies beside it may be the record's: a move was killed before its end
            key = key_file.fitting(mark, found)
        except FileNotFoundError:
            failed = missing_key(key_file.path)
        else:
            failed = None if mark == mark_of(key) else another_key(str(key_file.path))
    if failed is not None:
        raise failed
    return key


def missing_key(file: Path) -> UserMustFix:
    """Another host began the record, with a key of its own."""
    return UserMustFix(
        f"the record was begun on another host, and its fingerprint key is not here ({file})",
        hint="copy that file from there (mode 0600), or better name one secret for all hosts: `stateKey`",
    )


def another_key(where: str) -> CorruptRecord:
    """The key is there, and is not the record's."""
    return CorruptRecord(
        f"the fingerprint key of {where} is not the one that the record was begun with; nothing was changed",
        hint="put the right one back; if it is lost: `stagemail state forget-key`, then `stagemail secrets push STAGE`",
    )
