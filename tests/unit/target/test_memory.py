"""What only the platform in memory does; what every target does is in tests/contract/test_target.py."""

from inspect import signature

import pytest
from tests.unit.target.clocks import FakeClock

from stagemail.errors import OutcomeUnknown, TryLater, Unreachable, UsageError
from stagemail.model import email
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import Masked, Secret, SecretState
from stagemail.model.step import Change, Step
from stagemail.ports import Target
from stagemail.target.memory import MemoryTarget

QA = Key("qa", CONFIGURATION, "env-qa")
CRM = Key("qa", BINDING, "app-crm")


def platform(**options: object) -> MemoryTarget:
    target = MemoryTarget(FakeClock(), **options)  # type: ignore[arg-type]
    target.add_stage("qa", StageIdentity("env-qa", "QA", "non-production"), {email.HOST: "old.example.com"})
    target.add_app("qa", App("CRM", "app-crm", revision=3), {email.RECIPIENTS_MODE: "test-list"})
    return target


def write(key: Key, field: str, value: object) -> Step:
    return Step("write", key, "it", "unit", 2, (Change(field, None, value, "changed"),))  # type: ignore[arg-type]


def activate(key: Key) -> Step:
    return Step("activate", key, "it", "unit", 3)


def test_it_is_a_target() -> None:
    target: Target = platform()
    assert [*signature(Target.begin).parameters] == [*signature(type(target).begin).parameters]
    assert target.inventory("qa").apps[0].name == "CRM"


def test_a_stage_setting_waits_for_each_app_where_the_platform_says_so() -> None:
    target = platform(stage_writes="pending")
    target.begin(write(QA, email.HOST, "new.example.com"), {})
    seen = target.observe("qa", [CRM]).by_key()[CRM].fields[email.HOST]
    assert (seen.value, seen.live, seen.pending) == ("new.example.com", "old.example.com", True)
    target.begin(activate(CRM), {})
    assert target.observe("qa", [CRM]).by_key()[CRM].fields[email.HOST].live == "new.example.com"


def test_a_secret_that_is_set_again_is_pending_although_nobody_can_see_a_difference() -> None:
    target = platform(stage_writes="pending")
    state = SecretState("env:K")
    for _ in range(2):
        target.begin(write(QA, email.PASSWORD, state), {email.PASSWORD: Secret("s3cret")})
        seen = target.observe("qa", [CRM]).by_key()[CRM].fields[email.PASSWORD]
        assert (seen.value, seen.pending) == (Masked(present=True), True)
        target.begin(activate(CRM), {})
    assert target.holds(CRM, email.PASSWORD, "s3cret")
    assert "s3cret" not in repr(target.observe("qa", [CRM, QA]))


def test_a_lost_answer_is_unknown_and_reading_tells() -> None:
    target = platform(app_writes="live")
    target.faults.extend(["lost-before", "lost-after", Unreachable("down")])
    for expected in ("test-list", "set-in-app"):
        with pytest.raises(OutcomeUnknown):
            target.begin(write(CRM, email.RECIPIENTS_MODE, "set-in-app"), {})
        assert target.observe("qa", [CRM]).by_key()[CRM].fields[email.RECIPIENTS_MODE].live == expected
    with pytest.raises(TryLater):
        target.begin(write(CRM, email.RECIPIENTS_MODE, "set-in-app"), {})


def test_a_slow_activation_takes_effect_when_it_is_done() -> None:
    target = platform(polls=3)
    target.begin(write(CRM, email.RECIPIENTS_MODE, "set-in-app"), {})
    operation = target.begin(activate(CRM), {})
    assert target.poll([operation]) == {operation: None}
    assert target.observe("qa", [CRM]).by_key()[CRM].fields[email.RECIPIENTS_MODE].pending
    target.poll([operation])
    assert target.poll([operation])[operation].status == "done"
    assert not target.observe("qa", [CRM]).by_key()[CRM].fields[email.RECIPIENTS_MODE].pending


def test_a_failed_activation_says_why_and_changes_nothing() -> None:
    target = platform()
    target.failures.append("disk full")
    target.begin(write(CRM, email.RECIPIENTS_MODE, "set-in-app"), {})
    operation = target.begin(activate(CRM), {})
    assert target.poll([operation])[operation].message == "disk full"
    assert target.observe("qa", [CRM]).by_key()[CRM].fields[email.RECIPIENTS_MODE].live == "test-list"


def test_an_activation_makes_pending_values_of_others_live_too() -> None:
    target = platform()
    target.leave_pending(CRM, "Greeting")
    assert target.observe("qa", [CRM]).by_key()[CRM].foreign == ("Greeting",)
    target.begin(activate(CRM), {})
    assert target.ledger == [(CRM, "activate", ("Greeting",))]


def test_no_stage_setting_is_written_in_an_app() -> None:
    with pytest.raises(UsageError):
        platform().begin(write(CRM, email.HOST, "new.example.com"), {})
