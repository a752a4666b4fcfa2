"""Begins with another fingerprint key where the one of a PostgreSQL record is lost on every host.

What it proved is let go of, as for a record in a file (``lost_key``). There it happens by itself; here a person says
so, because a second host with another key looks just the same. Not here: changing a key that is there (``rekeying``).
"""

from pathlib import Path

from sqlalchemy import select

from stagemail.ports import Clock
from stagemail.record.fingerprint_key import Randomness, load_or_create
from stagemail.record.lost_key import watch
from stagemail.record.postgresql import PostgresDatabase
from stagemail.record.postgresql_key import file_of, key_of
from stagemail.record.postgresql_opening import Credentials
from stagemail.record.refusals import busy
from stagemail.record.schema import ensure
from stagemail.record.tables import LEASES


def forget_key(url: str, base: Path, credentials: Credentials, randomness: Randomness, clock: Clock) -> bool:
    """Take the key that is named or lies here, or make one. False where it is the record's already.

    Raises Busy while a run is under way, and what opening the record raises.
    """
    database = PostgresDatabase(url, credentials.password, clock)
    try:
        ensure(database)
        secret, now = credentials.key(), clock.now()
        with database.read() as connection:
            for held in connection.execute(select(LEASES).where(LEASES.c.owner != "")):
                if held.until > now:
                    raise busy(held.scope, held.owner, held.since, held.until)
        key = load_or_create(file_of(url, base), randomness) if secret is None else key_of(secret)
        return bool(watch(database, key, now))
    finally:
        database.close()
