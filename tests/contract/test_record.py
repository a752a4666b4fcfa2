"""What every record does, whatever keeps it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from tests.unit.record import branches
from tests.unit.record.clocks import WallClock

from stagemail.errors import CorruptRecord, LeaseLost
from stagemail.model.condition import Condition
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.secret import Masked, Secret, SecretRef, SecretState
from stagemail.model.snapshot import Applied, AppliedField, AppliedResource
from stagemail.model.standing import Decision, Readiness, Standing
from stagemail.ports import Entry, Leases, Record, Standings
from stagemail.record.memory import MemoryRecord
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)


class Both(Record, Leases, Standings):
    """A record that also keeps the leases; every adapter of ours is both."""


@pytest.fixture(params=["memory", "sqlite", "postgresql", "git-branch"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Both]:
    if request.param == "memory":
        yield cast("Both", MemoryRecord(bytes(range(32))))
        return
    if request.param == "git-branch":
        with branches.opened(branches.clone(branches.remote(tmp_path))) as on_branch:
            yield cast("Both", on_branch)
        return
    url = request.getfixturevalue("database") if request.param == "postgresql" else "sqlite:///record.db"
    with open_record(url, tmp_path, randomness=os.urandom, clock=WallClock()) as opened:
        yield cast("Both", opened)


def key(stage: str, app: str) -> Key:
    return Key(stage, BINDING, app)


def run(number: int, stage: str = "qa", **changes: Any) -> Run:
    started = NOON + timedelta(minutes=number)
    return replace(Run(f"run-{number}", stage, "c0ffee", "ann", started), **changes)


def intent(number: int, stage: str = "qa", of: str = "run-1") -> Intent:
    return Intent(f"intent-{number}", of, key(stage, "crm"), "CRM", "write", NOON + timedelta(seconds=number))


def outcome(step: str, status: Any = "done") -> Outcome:
    return Outcome(step, key("qa", "crm"), "CRM", "write", status, "was written", True, ("recipients.mode",))


def resource(app: str, **fields: Any) -> AppliedResource:
    return AppliedResource(key("qa", app), app.upper(), {n: AppliedField(v) for n, v in fields.items()}, "c0ffee")


def test_a_new_record_knows_nothing(record: Both) -> None:
    assert record.applied("qa") == Applied("qa")
    assert record.open_intents("qa") == ()
    assert record.runs(None, 10) == ()


def test_applied_resources_come_back_as_they_were_sorted_by_key(record: Both) -> None:
    configuration = AppliedResource(
        Key("qa", CONFIGURATION, "env-2"),
        "QA",
        {
            "host": AppliedField("smtp.example.com"),
            "port": AppliedField(587, "2026-05-04T12:00:00Z"),
            "on": AppliedField(True),
            "off": AppliedField(False),
            "one": AppliedField(1),
            "none": AppliedField(None, verified=False),
            "list": AppliedField(("Ann <a@example.com>", "b@example.com")),
            "empty": AppliedField(()),
            "password": AppliedField(SecretState("env:SMTP", "7", "ab12"), verified=False),
            "masked": AppliedField(Masked(True)),
            "unknown": AppliedField(Masked(None)),
        },
        "c0ffee",
    )
    identity = StageIdentity("env-2", "QA", "non-production")
    entries = [Entry(applied=resource("b")), Entry(applied=configuration), Entry(applied=resource("a"))]
    record.append([*entries, Entry(identity=("qa", identity))], None)
    known = record.applied("qa")
    assert known == Applied("qa", identity, (resource("a"), resource("b"), configuration))
    fields = known.resources[2].fields
    assert [type(fields[name].value) for name in ("on", "one")] == [bool, int]
    assert record.applied("dev") == Applied("dev")


def test_the_stages_of_a_key_are_told(record: Both) -> None:
    keys = {"qa": "env-2", "dev": "env-1", "copy": "env-2"}
    record.append([Entry(identity=(stage, StageIdentity(key, "An environment"))) for stage, key in keys.items()], None)
    assert [record.stages_of(key) for key in ("env-1", "env-2", "env-3")] == [("dev",), ("copy", "qa"), ()]
    record.append([Entry(identity=("qa", StageIdentity("env-3", "An environment")))], None)
    assert [record.stages_of(key) for key in ("env-1", "env-2", "env-3")] == [("dev",), ("copy",), ("qa",)]


def test_a_resource_recorded_again_replaces_the_old_record(record: Both) -> None:
    record.append([Entry(applied=resource("a", x=1, y=2))], None)
    record.append([Entry(applied=resource("a", x=3))], None)
    assert record.applied("qa").resources == (resource("a", x=3),)


def test_what_is_forgotten_is_gone_and_forgetting_it_twice_is_no_error(record: Both) -> None:
    record.append([Entry(applied=resource("a")), Entry(applied=resource("b"))], None)
    record.append([Entry(forgotten=key("qa", "a"))], None)
    record.append([Entry(forgotten=key("qa", "a"))], None)
    assert record.applied("qa").resources == (resource("b"),)


def test_an_intent_is_open_until_it_is_settled(record: Both) -> None:
    record.append([Entry(run=run(1)), Entry(intent=intent(2)), Entry(intent=intent(1))], None)
    assert [i.id for i in record.open_intents("qa")] == ["intent-1", "intent-2"]
    record.append([Entry(settled=("intent-1", outcome("s1")))], None)
    assert record.open_intents("qa") == (intent(2),)
    assert record.open_intents("dev") == ()


def test_an_intent_recorded_again_carries_the_operation_that_it_became(record: Both) -> None:
    begun = replace(intent(1), operation="op-9", values=(("p", SecretState("env:K", "", "ff")), ("l", ("a@b.c",))))
    record.append([Entry(run=run(1)), Entry(intent=intent(1))], None)
    record.append([Entry(intent=begun)], None)
    assert record.open_intents("qa") == (begun,)


def test_a_settled_intent_stays_settled(record: Both) -> None:
    record.append([Entry(run=run(1)), Entry(intent=intent(1)), Entry(settled=("intent-1", outcome("s1")))], None)
    record.append([Entry(intent=replace(intent(1), operation="late"))], None)
    assert record.open_intents("qa") == ()


def test_an_outcome_of_an_intent_that_was_never_recorded_is_refused(record: Both) -> None:
    with pytest.raises(CorruptRecord, match="intent-7"):
        record.append([Entry(settled=("intent-7", outcome("s1")))], None)


def test_a_run_recorded_again_replaces_the_old_one(record: Both) -> None:
    ended = run(1).ended("partial", NOON + timedelta(hours=1), (outcome("s1"), outcome("s2", "failed")))
    ended = replace(ended, live=58, apps=60, not_live=("Portal", "CRM"))
    record.append([Entry(run=run(1))], None)
    record.append([Entry(run=ended)], None)
    assert record.runs("qa", 10) == (ended,)


def test_runs_come_newest_first_of_one_stage_or_of_all_and_at_most_so_many(record: Both) -> None:
    record.append([Entry(run=run(n, "qa" if n % 2 else "dev")) for n in (1, 2, 3, 4)], None)
    assert [r.id for r in record.runs(None, 3)] == ["run-4", "run-3", "run-2"]
    assert [r.id for r in record.runs("qa", 9)] == ["run-3", "run-1"]
    assert record.runs("qa", 0) == ()


def test_of_two_runs_begun_at_once_the_later_recorded_is_the_newer(record: Both) -> None:
    first, second = run(1), replace(run(1), id="run-b")
    record.append([Entry(run=first), Entry(run=second)], None)
    record.append([Entry(run=first)], None)
    assert [r.id for r in record.runs("qa", 9)] == ["run-b", "run-1"]


def test_the_newest_run_is_the_one_that_was_recorded_last_also_where_a_clock_was_set_back(record: Both) -> None:
    wrong, right = run(1, started=NOON + timedelta(days=1100)), run(2)
    record.append([Entry(run=wrong)], None)
    record.append([Entry(run=right)], None)
    record.append([Entry(run=replace(wrong, status="interrupted"))], None)
    assert [r.id for r in record.runs("qa", 9)] == ["run-2", "run-1"]
    assert [r.id for r in record.runs(None, 1)] == ["run-2"]


def test_a_run_that_was_killed_shows_the_outcomes_of_its_settled_intents(record: Both) -> None:
    record.append([Entry(run=run(1)), Entry(intent=intent(1)), Entry(intent=intent(2))], None)
    record.append([Entry(settled=("intent-1", outcome("s1", "unknown")))], None)
    record.append([Entry(settled=("intent-2", outcome("s2")))], None)
    record.append([Entry(settled=("intent-1", outcome("s1")))], None)
    assert record.runs("qa", 1)[0].outcomes == (outcome("s2"), outcome("s1"))
    record.append([Entry(run=run(1, status="interrupted"))], None)
    assert record.runs("qa", 1)[0] == run(1, status="interrupted", outcomes=(outcome("s2"), outcome("s1")))


def test_times_keep_their_instant_in_any_zone(record: Both) -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    record.append([Entry(run=run(1, started=tokyo)), Entry(run=run(0))], None)
    assert [r.started for r in record.runs("qa", 9)] == [NOON, NOON]


SECRET = Secret("hunter2-hunter2")
FORBIDDEN: list[Callable[[], Any]] = [lambda: SECRET, lambda: SecretRef("env", "K"), lambda: 1.5, lambda: ["list"]]


@pytest.mark.parametrize("value", FORBIDDEN)
def test_a_secret_its_reference_or_anything_else_unknown_cannot_be_stored(
    record: Both, value: Callable[[], Any]
) -> None:
    record.append([Entry(run=run(1))], None)
    for entry in (
        Entry(applied=resource("a", password=value())),
        Entry(intent=replace(intent(1), values=(("password", value()),))),
    ):
        with pytest.raises(TypeError, match="must not be stored") as caught:
            record.append([Entry(applied=resource("b")), entry], None)
        assert "hunter2" not in str(caught.value)
    assert record.applied("qa").resources == ()
    assert record.open_intents("qa") == ()


def test_of_an_append_that_fails_nothing_is_kept(record: Both) -> None:
    record.append([Entry(run=run(1)), Entry(applied=resource("a")), Entry(intent=intent(1))], None)
    before = record.applied("qa"), record.open_intents("qa"), record.runs(None, 9)
    entries = [
        Entry(run=run(1, status="done")),
        Entry(run=run(2)),
        Entry(applied=resource("b")),
        Entry(forgotten=key("qa", "a")),
        Entry(identity=("qa", StageIdentity("k", "QA"))),
        Entry(settled=("intent-1", outcome("s1"))),
        Entry(settled=("unknown", outcome("s1"))),
    ]
    with pytest.raises(CorruptRecord):
        record.append(entries, None)
    assert (record.applied("qa"), record.open_intents("qa"), record.runs(None, 9)) == before


def test_with_a_lease_that_is_not_the_newest_nothing_is_recorded(record: Both) -> None:
    old = record.acquire("org", "first", NOON, 30)
    record.append([Entry(applied=resource("a"))], old)
    new = record.acquire("org", "second", NOON + timedelta(seconds=31), 30)
    with pytest.raises(LeaseLost, match="second"):
        record.append([Entry(applied=resource("b"))], old)
    record.append([Entry(applied=resource("c"))], new)
    assert [r.label for r in record.applied("qa").resources] == ["A", "C"]


def test_an_expired_lease_that_nobody_took_still_records(record: Both) -> None:
    lease = record.acquire("org", "first", NOON, 0.001)
    record.append([Entry(applied=resource("a"))], lease)
    assert len(record.applied("qa").resources) == 1


def test_the_fingerprint_key_has_32_bytes_and_stays(record: Both) -> None:
    assert len(record.fingerprint_key()) == 32
    assert record.fingerprint_key() == record.fingerprint_key()


def test_an_empty_append_is_no_error(record: Both) -> None:
    record.append([], None)


STANDING = Standing(
    "qa",
    (Condition("Ready", "True", "InSync", "", "c0ffee", NOON), Condition("Stalled", "False")),
    "c0ffee",
    "contents",
    (Readiness("contents", "c0ffee", NOON), Readiness("before", "beef", NOON - timedelta(hours=2), NOON)),
)


def test_how_a_stage_stands_is_kept_and_replaced(record: Both) -> None:
    assert record.standing("qa") == Standing("qa")
    record.append([Entry(standing=STANDING), Entry(standing=Standing("production"))], None)
    assert record.standing("qa") == STANDING
    record.append([Entry(standing=replace(STANDING, revision="beef"))], None)
    assert record.standing("qa").revision == "beef"
    assert record.standing("production") == Standing("production")


def test_what_people_decided_is_kept_in_the_order_in_which_they_did_also_where_a_clock_was_set_back(
    record: Both,
) -> None:
    hold = Decision("d-2", "suspend", "qa", "ann", NOON, "the vendor moves", NOON + timedelta(hours=2))
    plan = Decision(
        "d-1", "approve", "production", "bob", NOON - timedelta(hours=1), "", None, "sha256:1", "c0ffee", "B"
    )
    record.append([Entry(decision=hold)], None)
    record.append([Entry(decision=plan)], None)
    assert record.decisions() == (hold, plan)
    assert record.audit().fault == ""
