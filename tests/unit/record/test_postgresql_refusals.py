"""What psycopg raises without a SQLSTATE, in words: what came instead of an answer is no fault of a value."""

import pytest
from psycopg import DatabaseError, DataError, Error, InternalError, OperationalError

from stagemail.errors import Unreachable, UserMustFix
from stagemail.record.postgresql_refusals import refusal


@pytest.mark.parametrize("kind", [DatabaseError, InternalError, OperationalError])
def test_a_connection_that_was_harmed_is_to_be_tried_again(kind: type[Error]) -> None:
    found = refusal(kind("got no result from the server"), "the record x")
    assert isinstance(found, Unreachable)
    assert "run again" in found.hint


def test_what_the_driver_cannot_send_is_told_as_a_defect() -> None:
    found = refusal(DataError("cannot dump"), "the record x")
    assert isinstance(found, UserMustFix)
    assert "report it" in found.hint
