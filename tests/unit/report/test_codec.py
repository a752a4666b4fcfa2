"""Data to JSON values and back, by the types of the dataclasses."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.samples import AT, RUN

from stagemail.errors import InvalidInput
from stagemail.model.run import Intent, Run
from stagemail.report.codec import camel, decode, encode

ZONED = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=50, deadline=None)
@given(run=st.builds(Run, started=ZONED, finished=st.none() | ZONED), intent=st.builds(Intent, at=ZONED))
def test_runs_and_intents_come_back_as_they_were(run: Run, intent: Intent) -> None:
    assert decode(Run, encode(run)) == run
    assert decode(Intent, encode(intent)) == intent


def test_a_time_has_its_zone_in_json() -> None:
    assert encode(AT) == "2026-11-22T21:00:00Z"
    assert encode(RUN)["finished"] == "2026-11-22T21:01:05Z"


@pytest.mark.parametrize("data", ["", "yesterday", 5, "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(data: object) -> None:
    with pytest.raises(InvalidInput):
        decode(datetime, data, "/at")


def test_a_pair_has_two_members() -> None:
    assert decode(tuple[str, int], ["a", 1]) == ("a", 1)
    with pytest.raises(InvalidInput, match="a list of 2 expected"):
        decode(tuple[str, int], ["a"])


def test_a_set_is_written_in_order() -> None:
    assert encode(frozenset({"b", "a"})) == ["a", "b"]


def test_names_are_spelt_as_the_yaml_spells_them() -> None:
    assert (camel("if_pending"), camel("not_live"), camel("stage")) == ("ifPending", "notLive", "stage")
