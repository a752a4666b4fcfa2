"""PostgreSQL as the record's database: the only module that opens connections to it.

What SQLite gives by letting one writer in at a time is made of advisory locks that end with their transaction: those
who name the same thing exclude each other, the others write side by side. A reader sees one state (REPEATABLE READ).
A process that stands still in a transaction is given up by the server, so that it never holds others up for long.
Sources: postgresql.org/docs/current/explicit-locking.html, runtime-config-client.html. Not here: tables; what the
server's refusals mean (``postgresql_refusals``).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from stagemail.errors import Unreachable
from stagemail.model.secret import Secret
from stagemail.ports import Clock
from stagemail.record.postgresql_refusals import all_in_use, refusal
from stagemail.resources.postgresql_address import checked, shown

CONNECTIONS: Final = 4
MORE_CONNECTIONS: Final = 8
"""Kept open, and opened besides where many threads ask at once."""
PATIENCE: Final = 30.0
"""Seconds that a thread waits for one of them: a machine that is busy with many stages at once takes a while."""
ATTEMPTS: Final = 6
"""To get a connection, over some three seconds: as long as a restart takes."""
SESSION: Final = (
    "-c statement_timeout=30s -c lock_timeout=15s -c idle_in_transaction_session_timeout=10s "
    "-c client_min_messages=warning"
)
PARAMETERS: Final = {
    "connect_timeout": 5,
    "application_name": "stagemail",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Of each connection, unless the address says otherwise: a server that is gone is noticed within 25 seconds."""
ANSWER: Final = 150.0
"""Seconds of real time that any answer may take; the server itself gives up earlier, if it can say so."""
_PATIENTLY: Final = text("SELECT set_config('lock_timeout', '120s', true), set_config('statement_timeout', '0', true)")
_ALONE: Final = text("SELECT pg_advisory_xact_lock(:everything)")


def _key(name: str) -> int:
    """The number of an advisory lock; 64 bits, so two names of one database will not meet."""
    return int.from_bytes(sha256(f"stagemail record\0{name}".encode()).digest()[:8], signed=True)


def _may_be_back(error: BaseException) -> bool:
    """Whether to wait a moment: not for a server that did not answer for seconds already."""
    return isinstance(error, Unreachable) and "timeout" not in error.message


class _Bounded(psycopg.Connection[Any]):
    """A connection on which no answer is waited for without end: a server that is frozen still acknowledges packets."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See ``psycopg.Connection``. Raises OperationalError, and the connection is closed then."""
        try:
            return super().wait(gen, interval, ANSWER if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.pgconn.finish()  # its answer may still come: nothing else may be asked here
            if error.sqlstate is None and "wait timeout" in str(error):
                raise psycopg.OperationalError(f"timeout expired: no answer within {ANSWER:g} s") from None
            raise


def _one_by_one(cursor: Any, statement: str, parameters: Sequence[Any], _context: Any) -> bool:
    """Run a statement for each of these, waiting for each answer; True keeps the driver from doing it its own way.

    That is a pipeline. Whoever stands still in one is never idle to the server, whose limits then hold for nothing: it
    would keep its locks for as long as it is paused.
    """
    for each in parameters:
        cursor.execute(statement, each)
    return True


class PostgresDatabase:
    """Implements ``record.database.Database``. ``password`` is asked for with each new connection; None: libpq's ways.

    Raises Unreachable, NotPermitted, NotFound, Busy, UserMustFix, CorruptRecord; whatever ``password`` raises.
    """

    def __init__(self, url: str, password: Callable[[], Secret | None], clock: Clock) -> None:
        self._url = checked(url)
        self.where = f"the record {shown(url)}"
        self._password = password
        self._clock = clock
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=PATIENCE,
        )
        event.listen(self._engine, "do_executemany", _one_by_one)
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writer = self._engine.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See ``Database.read``."""
        with self._translated(), self._connection(self._reader) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *about: str) -> Iterator[Connection]:
        """See ``Database.write``."""
        with self._translated(), self._connection(self._writer) as connection, connection.begin():
            if about:
                keys = [_key(name) for name in sorted(set(about))]
                locks = ["pg_advisory_xact_lock_shared(:everything)"]
                locks += [f"pg_advisory_xact_lock(:key{number})" for number in range(len(keys))]
                named = {f"key{number}": key for number, key in enumerate(keys)}
                connection.execute(text(f"SELECT {', '.join(locks)}"), {"everything": _key(""), **named})
            else:
                connection.execute(_PATIENTLY)
                connection.execute(_ALONE, {"everything": _key("")})
            yield connection

    def close(self) -> None:
        """See ``Database.close``."""
        self._engine.dispose()

    @contextmanager
    def _connection(self, engine: Any) -> Iterator[Connection]:
        """A connection that answered just now. A server that is away for a moment is waited for."""
        again = Retrying(
            retry=retry_if_exception(_may_be_back),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(0.1, max=2),
            sleep=self._clock.sleep,
            reraise=True,
        )
        connection: Connection = again(self._opened, engine)
        with connection:
            yield connection

    def _opened(self, engine: Any) -> Connection:
        with self._translated():
            connection: Connection = engine.connect()
        return connection

    def _connect(self) -> Any:
        """For the pool: with the password of this moment, so that one that was rotated is used."""
        given = conninfo_to_dict(self._url)
        secret = self._password()
        wanted: dict[str, Any] = {name: value for name, value in PARAMETERS.items() if name not in given}
        wanted["options"] = f"{SESSION} {given.get('options') or ''}".strip()
        if secret is not None:
            wanted["password"] = secret.reveal()
        return _Bounded.connect(self._url, **wanted)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        failed: BaseException | None = None
        try:
            yield
        except DBAPIError as error:
            failed = error.orig
        except psycopg.Error as error:
            failed = error
        except NoConnectionError:
            raise all_in_use(self.where, CONNECTIONS + MORE_CONNECTIONS) from None
        if failed is not None:
            raise refusal(failed, self.where)
