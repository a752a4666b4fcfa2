"""What PostgreSQL's answers mean to the user: which of our errors, where, and the next step. No statement, no value.

Source: postgresql.org/docs/current/errcodes-appendix.html. Where no connection came about libpq gives no code, only its
words, which are looked through in English; in another language they are shown as they are.
Not here: connecting and transactions (``postgresql``).
"""

import re
from collections.abc import Callable
from typing import Final

from psycopg import DatabaseError, InternalError, OperationalError, ProgrammingError

from stagemail.errors import (
    Busy,
    CorruptRecord,
    NotFound,
    NotPermitted,
    StagemailError,
    Unreachable,
    UsageError,
    UserMustFix,
)

AGAIN: Final = "run again; what was begun is settled by reading"
_ADDRESS: Final = "write postgresql://stagemail@db.example.com/stagemail?sslmode=verify-full"
_CREDENTIAL: Final = "check `statePassword`, PGPASSFILE or PGPASSWORD, the user in `state:`, and pg_hba.conf"


def refusal(error: BaseException, where: str) -> StagemailError:
    """The error that the user sees. ``where``: "the record …", as messages name it."""
    code = getattr(error, "sqlstate", None) or ""
    if not code:
        return _unconnected(error, where)
    for codes, made in _ANSWERS:
        if code.startswith(codes):
            return made(where, code)
    return UserMustFix(
        f"{where} refused a statement (SQLSTATE {code})",
        hint="look into the server's log for it; `stagemail doctor` looks at the rest",
    )


def all_in_use(where: str, count: int) -> Busy:
    """This process's own connections are all in use, for long."""
    return Busy(
        f"all {count} connections of this process to {where} are in use",
        hint="it is tried again; where it stays so, the machine or PostgreSQL is too slow for `controller.workers`",
    )


def _unconnected(error: BaseException, where: str) -> StagemailError:
    """No connection, or one that ended."""
    said = _said(error)
    for pattern, made in _WORDS:
        if re.search(pattern, said):
            return made(where, said)
    if isinstance(error, ProgrammingError):
        return UsageError(f"`state:` is no address that PostgreSQL understands: {said}", hint=_ADDRESS)
    if type(error) in (DatabaseError, InternalError):  # libpq's and psycopg's, about what came instead of an answer
        return Unreachable(f"{where} sent something that is no answer: {said}", hint=f"look at the network; {AGAIN}")
    if not isinstance(error, OperationalError):
        return UserMustFix(f"{where} cannot keep this: {type(error).__name__}", hint=_DEFECT)
    return _away(where, said)


def _said(error: BaseException) -> str:
    """What libpq says at last in its first line, without the address that it repeats."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return re.sub(r"^(.* failed: |connection is bad: )?(FATAL: +)?", "", first)[:200]


def _away(where: str, said: str) -> Unreachable:
    return Unreachable(
        f"{where} does not answer: {said}",
        hint=f"start PostgreSQL, or mend `state:` in the operator file; then {AGAIN}",
    )


def _coming(where: str, _code: str) -> Unreachable:
    return Unreachable(f"{where} is starting, stopping or was restarted just now", hint=AGAIN)


def _credential(where: str, said: str) -> NotPermitted:
    return NotPermitted(f"{where} lets us not in: {said}", hint=_CREDENTIAL)


def _no_database(where: str, said: str) -> NotFound:
    return NotFound(
        f"{where} is not there: {said}",
        hint="make it once: createdb --owner=USER --encoding=UTF8 NAME; the tables come by themselves",
    )


def _tls(where: str, said: str) -> NotPermitted:
    return NotPermitted(
        f"{where} cannot be trusted: {said}",
        hint="check sslmode and sslrootcert in `state:` against the server's certificate",
    )


def _crowded(where: str, _code: str) -> Busy:
    return Busy(f"{where} has no connection left", hint="raise max_connections, or run fewer workers; then run again")


def _locked(where: str, _code: str) -> Busy:
    return Busy(f"{where} is in use by another process", hint="wait for it to end, then run again")


def _slow(where: str, _code: str) -> Unreachable:
    return Unreachable(f"{where} answers too slowly; the statement was given up", hint=AGAIN)


def _slept(where: str, _code: str) -> Unreachable:
    return Unreachable(f"this process stood still in the middle of a transaction, and {where} gave it up", hint=AGAIN)


def _full(where: str, _code: str) -> UserMustFix:
    return UserMustFix(
        f"the disk that holds {where} is full; nothing of this was recorded",
        hint="free space there, then run again",
    )


def _read_only(where: str, _code: str) -> Unreachable:
    return Unreachable(
        f"{where} takes no writes: this server is a standby",
        hint="name all servers and add target_session_attrs=read-write to `state:`; then run again",
    )


def _not_permitted(where: str, _code: str) -> NotPermitted:
    return NotPermitted(
        f"the user of {where} may not do what stagemail needs there",
        hint="let it own the database: ALTER DATABASE NAME OWNER TO USER",
    )


def _damaged(where: str, code: str) -> CorruptRecord:
    return CorruptRecord(
        f"{where} is damaged (SQLSTATE {code})",
        hint="stop every stagemail that uses it and restore the database, or name a new one: what is live is adopted",
    )


def _other_tables(where: str, code: str) -> CorruptRecord:
    return CorruptRecord(
        f"{where} has not the tables of this release (SQLSTATE {code})",
        hint="somebody changed them: restore the database, or name a new one: what is live is adopted",
    )


def _too_much(where: str, code: str) -> UserMustFix:
    return UserMustFix(f"{where} cannot keep this value (SQLSTATE {code})", hint=_DEFECT)


_DEFECT: Final = "a name or text of the platform is longer or stranger than any known; please report it"

_ANSWERS: Final[tuple[tuple[str | tuple[str, ...], Callable[[str, str], StagemailError]], ...]] = (
    (("57P01", "57P02", "57P03", "08"), _coming),
    (("57P04", "3D000"), _no_database),
    ("53300", _crowded),
    (("53100", "53200"), _full),
    (("55P03", "55006", "40", "23505"), _locked),
    ("57014", _slow),
    (("25P03", "57P05"), _slept),
    ("25006", _read_only),
    ("42501", _not_permitted),
    ("28", _credential),
    (("XX001", "XX002", "58030"), _damaged),
    (("42P01", "42703", "42704"), _other_tables),
    ("22", _too_much),
)
"""Beginnings of SQLSTATE, and what they mean."""

_WORDS: Final[tuple[tuple[str, Callable[[str, str], StagemailError]], ...]] = (
    (
        r"authentication failed|no password supplied|pg_hba\.conf|role \".*\" (does not exist|is not permitted)",
        _credential,
    ),
    (r"database \".*\" does not exist", _no_database),
    (r"certificate|does not support SSL|SSL (error|connection is required)|root\.crt", _tls),
    (r"too many (clients|connections)|remaining connection slots", _crowded),
    (r"starting up|shutting down|in recovery mode|terminating connection|closed the connection", _coming),
)
"""libpq's words where there is no code."""
