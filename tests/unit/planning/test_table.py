"""The three-way table, row by row: what Git wants, what the platform shows, what we applied."""

import pytest
from tests.unit.planning.stage import BASIC, LIST, NEW, OLD, REF, SERVER, STAGE_KEY, Stage, cases, notes, steps

from stagemail.model import email
from stagemail.model.secret import Masked, SecretRef, SecretState
from stagemail.model.snapshot import AppliedField, ObservedField

PORT = email.PORT
ABSENT = ObservedField(Masked(present=False), Masked(present=False))


def case_of(want, seen, applied) -> str | None:
    """The row that a port falls into; None where nothing is written."""
    has = {} if seen is None else {PORT: seen}
    plan = Stage(want={PORT: want}, has=has, known=None if applied is None else {PORT: applied}).plan()
    writes = steps(plan, "write")
    return cases(writes[0])[PORT] if writes else None


@pytest.mark.parametrize(
    ("want", "seen", "applied", "row"),
    [
        (587, 587, None, None),
        (587, 587, 25, None),
        (587, None, None, "create"),
        (587, ObservedField("", ""), None, "create"),
        (587, ObservedField(25, 25, is_default=True), None, "create"),
        (587, 25, None, "takeover"),
        (587, 25, 25, "changed"),
        (587, 25, 587, "drift"),
        (587, None, 587, "drift"),
        (587, 2525, 25, "takeover"),
    ],
)
def test_each_row_of_the_table_has_its_case(want, seen, applied, row) -> None:
    assert case_of(want, seen, applied) == row


def test_equality_is_the_targets() -> None:
    """``587`` as text is 587, on every side: neither a takeover, nor a change, nor drift."""
    assert case_of(587, "587", None) is None
    assert case_of(25, "587", 587) == "changed"
    assert case_of("587", 25, 587) == "drift"


def test_nothing_wanted_is_equal_to_nothing_set() -> None:
    plan = Stage(want={email.SCOPES: (), email.SENDER_NAME: ""}, has={email.SENDER_NAME: None}).plan()
    assert plan.steps == ()


def test_what_is_as_git_wants_is_adopted_without_a_write() -> None:
    plan = Stage(want=SERVER, has=SERVER).plan()
    assert plan.steps == ()
    assert [dict(resource.fields) for resource in plan.adopt] == [{n: AppliedField(v) for n, v in SERVER.items()}]
    assert notes(plan, "adopted") == ["qa"]


def test_adoption_takes_only_what_is_equal_and_the_rest_after_its_write() -> None:
    plan = Stage(want=SERVER, has={**SERVER, PORT: 25}).plan()
    assert set(plan.adopt[0].fields) == {email.HOST, email.SECURITY}


def test_a_resource_of_which_nothing_is_applied_yet_is_not_adopted() -> None:
    plan = Stage(want=SERVER).plan()
    assert plan.adopt == ()


def test_what_is_known_already_is_not_adopted_again_whatever_its_evidence() -> None:
    known = {name: AppliedField(value, evidence="2026-01-01") for name, value in SERVER.items()}
    assert Stage(want=SERVER, has=SERVER, known=known).plan().adopt == ()


def test_a_field_that_git_gave_up_keeps_its_value_and_is_forgotten() -> None:
    sender = {email.SENDER_ADDRESS: "qa@example.com"}
    plan = Stage(want=SERVER, has={**SERVER, **sender}, known={**SERVER, **sender}).plan()
    assert plan.steps == ()
    assert email.SENDER_ADDRESS not in plan.adopt[0].fields
    assert notes(plan, "stage-unmanaged") == ["qa sender.address"]


def test_a_stage_without_its_configuration_is_unmanaged_and_nothing_is_written() -> None:
    plan = Stage(want=None, has=SERVER, known=SERVER).plan()
    assert [(step.action, step.key, step.changes) for step in plan.steps] == [("unmanage", STAGE_KEY, ())]
    assert plan.adopt == ()


def test_a_stage_that_nobody_ever_configured_is_left_alone_and_named() -> None:
    plan = Stage(want=None, has=SERVER).plan()
    assert plan.steps == ()
    assert notes(plan, "stage-unmanaged") == ["qa"]


def test_what_the_platform_did_not_show_is_never_written_blindly() -> None:
    plan = Stage(want=SERVER, unseen=frozenset({STAGE_KEY})).plan()
    assert plan.runnable == ()
    assert "did not show it" in plan.blocked[0].blocked


# Authentication is one unit


def test_one_changed_member_of_authentication_sends_all_of_it_and_nothing_else() -> None:
    want = {**SERVER, **BASIC, email.USERNAME: "new"}
    step = Stage(want=want, has={**SERVER, **BASIC}, known={**SERVER, **BASIC}).write()
    assert cases(step) == {
        email.AUTH_TYPE: "together",
        email.USERNAME: "changed",
        email.PASSWORD: "together",
    }


def test_changes_come_in_the_order_in_which_people_read_them() -> None:
    step = Stage(want=dict(reversed({**SERVER, **BASIC}.items()))).write()
    assert [change.field for change in step.changes] == [*SERVER, *BASIC]


def test_a_list_that_changes_is_sent_with_its_mode() -> None:
    want = {**LIST, email.TEST_LIST: ("new@example.com",)}
    stage = Stage(want=want, has=LIST, known=LIST)
    stage.capabilities = type(stage.capabilities)({"configuration": dict.fromkeys(LIST, "sets")})
    assert cases(stage.write()) == {email.RECIPIENTS_MODE: "together", email.TEST_LIST: "changed"}


def test_members_that_authentication_lost_are_forgotten_once_the_rest_of_it_was_written() -> None:
    """Until then a revert must find the old record: else a rotation meanwhile would go unnoticed."""
    want, has = {email.AUTH_TYPE: "none"}, BASIC
    before = Stage(want=want, has=has, known=BASIC).plan()
    assert cases(steps(before, "write")[0]) == {email.AUTH_TYPE: "changed"}
    assert before.adopt == ()
    after = Stage(want=want, has={**BASIC, **want}, known={**BASIC, **want}).plan()
    assert after.steps == ()
    assert set(after.adopt[0].fields) == {email.AUTH_TYPE}


# Secrets


def secret_plan(seen=None, known=None, store=OLD, want=REF):
    has = {email.AUTH_TYPE: "basic", email.USERNAME: "mailer"}
    record = None if known is None else {**has, email.PASSWORD: known}
    return Stage(
        want={**BASIC, email.PASSWORD: want},
        has=has if seen is None else {**has, email.PASSWORD: seen},
        known=record,
        secrets={want: store} if store else {},
    ).plan()


def case_of_secret(**given) -> str | None:
    writes = steps(secret_plan(**given), "write")
    return cases(writes[0])[email.PASSWORD] if writes else None


@pytest.mark.parametrize("seen", [None, ABSENT])
def test_a_secret_that_is_not_there_is_created(seen) -> None:
    assert case_of_secret(seen=seen) == "create"


@pytest.mark.parametrize("present", [True, None])
def test_a_secret_that_nobody_can_read_is_adopted_unverified_at_the_stores_version_and_never_written(present) -> None:
    seen = ObservedField(Masked(present), Masked(present), evidence="monday")
    plan = secret_plan(seen=seen)
    assert plan.steps == ()
    assert plan.adopt[0].fields[email.PASSWORD] == AppliedField(OLD, "monday", verified=False)
    assert notes(plan, "unverified") == ["qa authentication.password"]


def test_an_unverified_secret_stays_unverified_and_is_not_adopted_twice() -> None:
    plan = secret_plan(seen=Masked(present=True), known=AppliedField(OLD, "", verified=False))
    assert (plan.steps, plan.adopt) == ((), ())
    assert notes(plan, "unverified") == ["qa authentication.password"]


@pytest.mark.parametrize("verified", [True, False])
def test_a_secret_that_rotated_in_its_store_is_sent(verified) -> None:
    assert case_of_secret(seen=REF, known=AppliedField(OLD, "", verified), store=NEW) == "rotated"


def test_another_reference_to_another_value_is_a_change_in_git() -> None:
    moved = SecretRef("vault", "smtp")
    assert case_of_secret(seen=REF, known=OLD, want=moved, store=SecretState("vault:smtp", "1", "d" * 64)) == "changed"


def test_another_reference_to_the_same_value_is_recorded_and_not_sent() -> None:
    moved = SecretRef("vault", "smtp")
    state = SecretState("vault:smtp", "1", OLD.fingerprint)
    plan = secret_plan(seen=REF, known=OLD, want=moved, store=state)
    assert plan.steps == ()
    assert plan.adopt[0].fields[email.PASSWORD].value == state


def test_a_new_version_of_the_same_value_is_recorded_and_not_sent() -> None:
    again = SecretState(OLD.ref, "9", OLD.fingerprint)
    plan = secret_plan(seen=REF, known=OLD, store=again)
    assert plan.steps == ()
    assert plan.adopt[0].fields[email.PASSWORD].value == again


def overwritten(**more) -> ObservedField:
    return ObservedField(Masked(present=True), Masked(present=True), evidence=more.get("evidence", "tuesday"))


def test_a_secret_that_somebody_wrote_over_is_overwritten() -> None:
    assert case_of_secret(seen=overwritten(), known=AppliedField(OLD, "monday")) == "overwritten"


def test_a_secret_that_somebody_removed_is_overwritten() -> None:
    assert case_of_secret(seen=ABSENT, known=AppliedField(OLD, "monday")) == "overwritten"


@pytest.mark.parametrize(("ours", "theirs"), [("monday", "monday"), ("", "tuesday"), ("monday", "")])
def test_without_evidence_to_the_contrary_a_secret_is_unchanged(ours, theirs) -> None:
    assert case_of_secret(seen=overwritten(evidence=theirs), known=AppliedField(OLD, ours)) is None


def test_a_secret_that_we_never_wrote_cannot_be_overwritten() -> None:
    assert case_of_secret(seen=overwritten(), known=AppliedField(OLD, "monday", verified=False)) is None


def test_evidence_that_the_platform_gives_later_is_kept() -> None:
    plan = secret_plan(seen=overwritten(), known=AppliedField(OLD, ""))
    assert plan.adopt[0].fields[email.PASSWORD] == AppliedField(OLD, "tuesday")


def test_evidence_that_the_platform_gives_no_more_is_not_lost() -> None:
    plan = secret_plan(seen=overwritten(evidence=""), known=AppliedField(OLD, "monday"))
    assert (plan.steps, plan.adopt) == ((), ())


def test_a_secret_of_unknown_outcome_is_sent_once_more() -> None:
    assert case_of_secret(seen=REF, known=AppliedField(SecretState(OLD.ref), verified=False)) == "unsettled"


# Runs that read no credential


def test_a_reference_that_did_not_change_is_left_alone_unread() -> None:
    plan = secret_plan(seen=REF, known=OLD, store=None)
    assert (plan.steps, plan.adopt) == ((), ())
    assert notes(plan, "credentials-not-read") == ["qa authentication.password"]


def test_a_reference_that_changed_is_shown_and_cannot_be_applied_unread() -> None:
    plan = secret_plan(seen=REF, known=OLD, store=None, want=SecretRef("vault", "smtp"))
    (step,) = plan.blocked
    assert cases(step)[email.PASSWORD] == "changed"
    assert step.blocked == "secret vault:smtp was not read"


def test_an_unread_secret_that_is_new_is_shown_and_cannot_be_applied() -> None:
    plan = secret_plan(seen=ABSENT, store=None)
    assert cases(plan.blocked[0])[email.PASSWORD] == "create"
    assert plan.runnable == ()


def test_an_unread_secret_is_not_adopted() -> None:
    plan = secret_plan(seen=Masked(present=True), store=None)
    assert email.PASSWORD not in plan.adopt[0].fields


def test_an_unread_secret_that_was_written_over_is_seen_all_the_same() -> None:
    plan = secret_plan(seen=overwritten(), known=AppliedField(OLD, "monday"), store=None)
    assert cases(plan.blocked[0])[email.PASSWORD] == "overwritten"


def test_a_secret_that_a_platform_shows_by_mistake_never_enters_the_plan() -> None:
    plan = secret_plan(seen=ObservedField("hunter2", "hunter2"), known=OLD, store=NEW)
    assert steps(plan, "write")
    assert "hunter2" not in repr(plan)
