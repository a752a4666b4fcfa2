"""The part of a PostgreSQL database that workers share: procrastinate's tables and a few of our own, in one schema.

Made and migrated once, whoever comes first, under an advisory lock. What is in it is of use today only: losing it costs
looks at the platform, never a wrong write. Not here: the record (``record``), what the tables mean to their users.
Source: procrastinate "Migrations"; PostgreSQL "Advisory Locks", "CREATE SCHEMA".
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, LiteralString

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import errors, sql
from psycopg_pool import ConnectionPool, PoolTimeout

from stagemail.errors import Busy, NotPermitted, StagemailError, Unreachable, UserMustFix
from stagemail.model.secret import Secret

SCHEMA: Final = "stagemail_jobs"
QUEUE: Final = "stages"
LOCK: Final = 7_815_696_201
"""Of PostgreSQL's advisory locks, the one that whoever makes or migrates the schema holds."""
VERSION: Final = 1
"""Of our own tables."""
CONNECT_SECONDS: Final = 10
"""Seconds after which a server that does not answer is called away."""
POOL_SECONDS: Final = 4.0
"""Seconds that one statement waits for a connection: while the server is away, and where all are in use.

So long the pool tries by itself, too, with pauses that double; the next statement begins anew. Left alone it would rest
for minutes after a longer outage, with the server back.
"""
SETTINGS: Final[Mapping[str, Any]] = {
    "options": f"-c search_path={SCHEMA} -c timezone=UTC",
    "application_name": "stagemail",
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Of every connection: a server that vanished without a word is noticed within half a minute."""

_OWN: Final[tuple[LiteralString, ...]] = (
    "CREATE TABLE versions (own integer NOT NULL, engine text NOT NULL)",
    "CREATE TABLE members (owner text PRIMARY KEY, beat timestamptz NOT NULL, gone boolean NOT NULL DEFAULT false)",
    "CREATE TABLE periods (name text PRIMARY KEY, begun timestamptz NOT NULL)",
    "CREATE TABLE leader (role text PRIMARY KEY, owner text NOT NULL, beat timestamptz NOT NULL)",
    "CREATE TABLE sources (name text PRIMARY KEY, verdict jsonb NOT NULL)",
    "CREATE TABLE news (id bigserial PRIMARY KEY, body jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now())",
    "CREATE TABLE spent (bucket text PRIMARY KEY, at bigint[] NOT NULL)",
    # 0, or the milliseconds until one of so many places in a span is free; the clock is this database's.
    """CREATE FUNCTION take_place(name text, places integer, span bigint, speed float8) RETURNS bigint
        LANGUAGE plpgsql AS $$ DECLARE moment bigint; kept bigint[]; BEGIN
        INSERT INTO spent (bucket, at) VALUES (name, '{}') ON CONFLICT DO NOTHING;
        SELECT at INTO kept FROM spent WHERE bucket = name FOR UPDATE;
        moment := (extract(epoch FROM clock_timestamp()) * 1000 * speed)::bigint;
        kept := ARRAY(SELECT t FROM unnest(kept) t WHERE t > moment - span ORDER BY t);
        IF cardinality(kept) < places THEN
            UPDATE spent SET at = kept || moment WHERE bucket = name; RETURN 0;
        END IF;
        RETURN greatest(1, kept[cardinality(kept) - places + 1] + span - moment); END $$""",
    # A job that ends lets the next of its key begin: the workers are told, since procrastinate looks seldom.
    f"""CREATE FUNCTION wake_workers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_notify('procrastinate_queue_v1#{QUEUE}',
            json_build_object('type', 'job_inserted', 'job_id', OLD.id)::text);
        RETURN NULL; END $$""",
    """CREATE TRIGGER ended AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
        WHEN (OLD.status = 'doing' AND NEW.status <> 'doing') EXECUTE FUNCTION wake_workers()""",
    """CREATE TRIGGER deleted AFTER DELETE ON procrastinate_jobs FOR EACH ROW
        WHEN (OLD.status = 'doing') EXECUTE FUNCTION wake_workers()""",
    f"""CREATE FUNCTION tell_news() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_notify('{SCHEMA}_news', ''); RETURN NULL; END $$""",
    "CREATE TRIGGER told AFTER INSERT ON news FOR EACH STATEMENT EXECUTE FUNCTION tell_news()",
)  # fmt: skip
_THERE: Final = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'versions'"
"""Asked of the catalogue itself: names are cached by PostgreSQL beyond an advisory lock."""


class JobsDatabase:
    """Connections to it; the tables are made or migrated before the first use. Thread-safe; ``close`` ends them.

    ``password`` is asked for with each new connection; None: libpq's ways. Methods raise Unreachable where the server
    is away, NotPermitted, and UserMustFix where a newer release has made the tables.
    """

    def __init__(
        self, address: str, password: Callable[[], Secret | None] = lambda: None, connections: int = 4
    ) -> None:
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # what it says of a server that is away, we say
        self.address = address
        self._password = password
        self._lock = Lock()
        self._is_prepared = False
        self._pool = ConnectionPool(
            address, min_size=1, max_size=connections, kwargs=lambda: {**self.settings(), "autocommit": True},
            open=False, timeout=POOL_SECONDS, max_idle=60.0, num_workers=1, check=ConnectionPool.check_connection,
            reconnect_timeout=POOL_SECONDS,
        )  # fmt: skip

    @property
    def pool(self) -> ConnectionPool:
        """For procrastinate, which speaks for itself."""
        return self._pool

    def settings(self) -> dict[str, Any]:
        """Of a new connection. Raises what ``password`` raises."""
        secret = self._password()
        return dict(SETTINGS) if secret is None else {**SETTINGS, "password": secret.reveal()}

    def prepare(self) -> "JobsDatabase":
        """Make or migrate the tables where need be, once, and begin to connect."""
        with self._lock:
            if not self._is_prepared:
                try:
                    with psycopg.connect(self.address, **self.settings()) as connection:
                        _prepare(connection)
                except psycopg.Error as error:
                    raise refusal(error) from None
                self._pool.open()
                self._is_prepared = True
        return self

    def begin_anew(self) -> None:
        """Connect anew: the server was away, so the connections that are kept are dead. Never waits."""
        self._pool.drain()

    def close(self) -> None:
        """End the connections."""
        with self._lock:
            if self._is_prepared:
                self._pool.close(timeout=1.0)

    def rows(self, statement: LiteralString, values: Mapping[str, Any] | None = None) -> Sequence[tuple[Any, ...]]:
        """The rows that one statement gives; it is its own transaction."""
        self.prepare()
        try:
            with self._pool.connection() as connection:
                cursor = connection.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        except (psycopg.Error, PoolTimeout) as error:
            raise refusal(error) from None

    def connected(self) -> psycopg.Connection[Any]:
        """A connection of the caller's own."""
        self.prepare()
        try:
            return psycopg.connect(self.address, **self.settings(), autocommit=True)
        except psycopg.Error as error:
            raise refusal(error) from None


_ANSWERS: Final[Sequence[tuple[str, type[StagemailError], str, str]]] = (
    (
        "^25006", Unreachable, "takes no writes: this server is a standby",
        "name all servers and add target_session_attrs=read-write to `state` in the operator file",
    ),
    (
        "^53300|too many (clients|connections)|remaining connection slots", Busy, "has no connection left",
        "raise max_connections, or run fewer workers: each process takes 6 to 10",
    ),
    (
        r"^28|authentication failed|no password supplied|pg_hba\.conf", NotPermitted, "lets us not in",
        "check `statePassword`, PGPASSFILE or PGPASSWORD, the user in `state`, and pg_hba.conf",
    ),
)  # fmt: skip
"""What is no outage: of SQLSTATE and what the server says, what it means and the next step. See the record's own."""


def refusal(error: Exception) -> StagemailError:
    """What PostgreSQL's error is to us. Its text names hosts and tables, never a password (libpq leaves it out)."""
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, errors.InsufficientPrivilege):
        hint = f"GRANT CREATE ON DATABASE … TO the user of `state`, or make schema {SCHEMA} with that user as its owner"
        return NotPermitted(f"PostgreSQL: {said}", hint=hint)
    for pattern, kind, what, hint in _ANSWERS:
        if re.search(pattern, f"{getattr(error, 'sqlstate', None)} {said}"):
            return kind(f"PostgreSQL {what}", hint=hint)
    return Unreachable(f"PostgreSQL is away: {said}", hint="look at `state` in the operator file, and at the server")


def _prepare(connection: psycopg.Connection[Any]) -> None:
    """Make the schema, or bring it up to date; refuse one that a newer stagemail or procrastinate has made."""
    if _versions(connection) == (VERSION, _newest()):
        return
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    found = _versions(connection)
    if found is None:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        connection.execute(SchemaManager.get_schema())
        for statement in _OWN:
            connection.execute(statement)
        connection.execute("INSERT INTO versions VALUES (%s, %s)", (VERSION, _newest()))
        return
    own, engine = found
    if own > VERSION or engine > _newest():
        raise UserMustFix(
            f"schema {SCHEMA} was made by a newer stagemail or procrastinate (version {own}, {engine})",
            hint="install the release that the other hosts have; an older one would not understand its jobs",
        )
    for name in _migrations():
        if name > engine:
            text = (Path(SchemaManager.get_migrations_path()) / name).read_text(encoding="utf-8")
            connection.execute(text.encode())
    connection.execute("UPDATE versions SET own = %s, engine = %s", (VERSION, _newest()))


def _versions(connection: psycopg.Connection[Any]) -> tuple[int, str] | None:
    """The versions of the tables that are there; None where there are none."""
    there = connection.execute(_THERE, (SCHEMA,)).fetchone()
    if there is None:
        return None
    found = connection.execute("SELECT own, engine FROM versions").fetchone()
    return None if found is None else (int(found[0]), str(found[1]))


def _migrations() -> list[str]:
    """The names of procrastinate's migrations, oldest first: each begins with its release."""
    return sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _newest() -> str:
    return _migrations()[-1]
