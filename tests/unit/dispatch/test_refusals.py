"""What PostgreSQL's refusals are called: only a server that does not answer is away, others have a next step."""

import pytest
from psycopg import Error, OperationalError, errors
from psycopg_pool import PoolTimeout

from stagemail.dispatch.jobs_database import refusal
from stagemail.errors import Busy, NotPermitted, StagemailError, Unreachable

AT = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: FATAL:  '


@pytest.mark.parametrize(
    ("error", "kind", "said", "step"),
    [
        (errors.ReadOnlySqlTransaction(), Unreachable, "standby", "target_session_attrs=read-write"),
        (errors.TooManyConnections(), Busy, "no connection left", "max_connections"),
        (OperationalError(f'{AT}too many connections for role "stagemail"'), Busy, "no connection left", "workers"),
        (
            OperationalError(f'{AT}password authentication failed for user "x"'),
            NotPermitted,
            "lets us not in",
            "PGPASS",
        ),
        (errors.InsufficientPrivilege("permission denied"), NotPermitted, "permission denied", "GRANT CREATE"),
        (OperationalError(f"{AT}Connection refused"), Unreachable, "PostgreSQL is away", "at the server"),
        (PoolTimeout("couldn't get a connection"), Unreachable, "PostgreSQL is away", "at the server"),
        (errors.AdminShutdown("terminating connection"), Unreachable, "PostgreSQL is away", "at the server"),
        (errors.DeadlockDetected("deadlock"), Unreachable, "PostgreSQL is away", "at the server"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(
    error: Error, kind: type[StagemailError], said: str, step: str
) -> None:
    found = refusal(error)
    assert isinstance(found, kind)
    assert said in found.message
    assert step in found.hint
