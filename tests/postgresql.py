"""PostgreSQL itself, thrown away afterwards: one server on a loopback port of its own, one database a test.

Debian's programs are used and nothing of the system's cluster. It runs as another user where tests run as root, because
PostgreSQL refuses root. It ends with the test process, however that ends: its keeper waits for the end of a pipe.
Not here: what is expected of it (the tests); the fixtures ``postgresql`` and ``database`` are in ``conftest``.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from pwd import getpwnam
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.ports import free_port

USER: Final = "stagemail"
"""Owns every test's database, may create some, and needs no password on loopback."""
GUARDED, PASSWORD = "guarded", "postgresql-only-password"
"""Another user, who needs this password (SCRAM)."""
PATIENCE: Final = 120.0
IN_ORDER: Final = 20.0
"""Seconds for an orderly stop; a server that takes longer (some client never ends its log-in) is ended at once."""
QUICK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "shared_buffers": "32MB",
        "autovacuum": "off",
        "max_connections": "100",
        "authentication_timeout": "10s",
    }
)
"""Loses data with the machine, never with the server: killing the server is fine."""
_KEEPER: Final = '"$@" & server=$!; cat > /dev/null; kill -INT $server 2> /dev/null; wait $server'


@cache
def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs, if one is installed."""
    found = [
        p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists() and p.parent.name.isdigit()
    ]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


def require() -> None:
    """Skip where there is no PostgreSQL; CI has it."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")


class PostgreSql:
    """A running server. ``settings``: of postgresql.conf, over ``QUICK``. Only ``close`` is for one thread alone."""

    def __init__(self, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        found = programs()
        assert found is not None, "PostgreSQL is not installed"
        self._programs = found
        self._settings = {**QUICK, **settings}
        self._system = getpwnam("postgres") if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="stagemail-pg-"))
        """Data, log and socket; below the system's folder for such things, since pytest's own are private."""
        if self._system:
            os.chown(self.folder, self._system.pw_uid, self._system.pw_gid)
        self.port = free_port()
        self._made = 0
        self._keeper: subprocess.Popen[bytes] | None = None
        try:
            self._prepare()
            self.start()
            self.sql("postgres", f"CREATE ROLE {USER} LOGIN CREATEDB", f"CREATE ROLE {GUARDED} LOGIN")
            self.sql("postgres", f"ALTER ROLE {GUARDED} PASSWORD '{PASSWORD}'")
        except BaseException:
            self.close()
            raise

    def url(self, database: str, user: str = USER) -> str:
        """How a client names a database; there is no password in it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{quote(database)}"

    def create(self, template: str = "template0", owner: str = USER) -> str:
        """A new database, empty or a copy of another, that its owner may do everything in; gives its name."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self.sql("postgres", f"CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def sql(self, database: str, *statements: str) -> list[Sequence[Any]]:
        """Run statements as the superuser, each in its own transaction; gives the rows of the last."""
        import psycopg  # noqa: PLC0415 - an extra

        rows: list[Sequence[Any]] = []
        where = {"host": str(self.folder), "port": self.port, "user": "postgres", "dbname": database}
        with psycopg.connect(**where, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = list(cursor.fetchall()) if cursor.description else []
        return rows

    def start(self) -> None:
        """Start it again after ``stop`` or ``kill``, on the same port; returns when it answers."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", _KEEPER, "sh", self._programs / "postgres", "-D", self.folder / "data", *options],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **self._as(),
            )  # fmt: skip
        for _ in range(int(PATIENCE * 50)):
            with suppress(Exception):
                self.sql("postgres", "SELECT 1")
                return
            if self._keeper.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop it in order; its clients lose their connections at once (fast shutdown).

        One who began a log-in and never goes on holds a fast shutdown up for as long as the log-in may take; and a
        copy of this process that holds the keeper's pipe keeps it from beginning. Neither costs a test its server.
        """
        keeper, self._keeper = self._keeper, None
        if keeper is None or keeper.stdin is None:
            return
        keeper.stdin.close()
        try:
            keeper.wait(IN_ORDER)
        except subprocess.TimeoutExpired:
            self._end(signal.SIGQUIT)
            os.killpg(keeper.pid, signal.SIGKILL)
            keeper.wait(PATIENCE)

    def kill(self) -> None:
        """End every process of it at once (SIGQUIT: immediate shutdown, no checkpoint): the next start recovers."""
        self._end(signal.SIGQUIT)
        self.stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped meanwhile."""
        try:
            self.stop()
            yield
        finally:
            self.start()

    def keep_checksums(self) -> None:
        """Have every page checked when it is read, as servers do by default since release 18."""
        with self.away():
            command = [self._programs / "pg_checksums", "--enable", "-D", self.folder / "data"]
            subprocess.run(command, check=True, capture_output=True, **self._as())

    def close(self) -> None:
        """Stop it for good and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, by: signal.Signals) -> None:
        """Signal the server, where it runs, and wait for its end."""
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, by)
            until = time.monotonic() + PATIENCE
            while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
                time.sleep(0.01)

    def _prepare(self) -> None:
        data = self.folder / "data"
        initdb = [
            self._programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        done = subprocess.run([*initdb, "-A", "trust"], capture_output=True, text=True, check=False, **self._as())
        assert done.returncode == 0, done.stderr
        rules = (
            "local all postgres trust",
            f"host all {USER} 127.0.0.1/32 trust",
            "host all all 127.0.0.1/32 scram-sha-256",
        )
        (data / "pg_hba.conf").write_text("\n".join(rules) + "\n")
        with (data / "postgresql.conf").open("a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\n")
            file.write(f"unix_socket_directories = '{self.folder}'\n")

    def _as(self) -> dict[str, Any]:
        """Who runs it, where, and with which environment."""
        around = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if self._system is None:
            return {"cwd": self.folder, "env": around}
        who = {"user": self._system.pw_uid, "group": self._system.pw_gid, "extra_groups": []}
        return {"cwd": self.folder, "env": around, **who}
