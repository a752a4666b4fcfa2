"""A login that its provider retires: warned of before the day, refused after it where it is new."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.unit.planning.stage import BASIC, LIST, NEW, OLD, REF, SERVER, Stage, app, binding

from stagemail.model import email
from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.retirement import Due, due
from stagemail.model.snapshot import Desired
from stagemail.planning import plan_stage
from stagemail.planning.situation import Situation
from stagemail.reconcile.retirement import retirement
from stagemail.resources.retirements import calendar, version

HOST = "smtp.office365.com"
WANT = {**SERVER, **BASIC, email.HOST: HOST}
BEFORE, AFTER = date(2026, 12, 30), date(2026, 12, 31)


def situation(stage: Stage, today: date, policy: Policy | None = None) -> Situation:
    facts = stage.situation()
    return replace(facts, retirement=retirement(facts.desired, policy or facts.policy, today))


def plan(stage: Stage, today: date, policy: Policy | None = None) -> Plan:
    return plan_stage(situation(stage, today, policy))[0]


def told(found: Plan) -> list[str]:
    return [note.message for note in found.notes if note.kind == "authentication-retires"]


def test_a_new_configuration_is_warned_of_before_the_day_and_refused_from_then_on() -> None:
    stage = Stage(want={**WANT, **LIST}, secrets={REF: OLD})
    before, after = plan(stage, BEFORE), plan(stage, AFTER)
    assert not before.blocked and "from 2026-12-31" in told(before)[0] and "oauth2" in told(before)[0]
    (step,) = after.blocked
    assert "move to `authentication.type: oauth2`" in step.blocked and not step.runnable and told(after)


def test_an_applied_one_only_warns_and_its_password_may_still_rotate() -> None:
    shown = {**SERVER, **BASIC, email.HOST: HOST}
    stage = Stage(want={**WANT, **LIST}, has=shown, known={**shown, email.PASSWORD: REF}, secrets={REF: NEW})
    found = plan(stage, AFTER)
    assert not found.blocked and told(found)
    assert [step.action for step in found.runnable if step.action == "write"] == ["write"]


def test_recipients_are_never_kept_back_by_it() -> None:
    crm = app("CRM")
    stage = Stage(want={**WANT, **LIST}, binds=(binding("CRM"),), apps=(crm,), app_has={"CRM": {}})
    found = plan(stage, AFTER)
    assert [step.label for step in found.runnable if step.action == "write"] == ["CRM"]


def test_an_operator_who_switched_it_on_again_is_only_warned() -> None:
    stage = Stage(want={**WANT, **LIST})
    accepts = Policy("qa", "non-production", accept_retired=frozenset({HOST}))
    found = plan(stage, AFTER, accepts)
    assert not found.blocked and told(found)


def test_google_is_only_warned_of_since_an_app_password_looks_the_same() -> None:
    stage = Stage(want={**WANT, **LIST, email.HOST: "smtp.gmail.com"})
    found = plan(stage, date(2027, 1, 1))
    assert not found.blocked and "app password" in told(found)[0]


@pytest.mark.parametrize(
    "fields", [{email.AUTH_TYPE: "oauth2"}, {email.AUTH_TYPE: "none"}, {email.HOST: "smtp.example.com"}]
)
def test_other_logins_and_servers_are_not_meant(fields: dict[str, str]) -> None:
    assert due({**WANT, **fields}, calendar(), date(2030, 1, 1)) is None


def test_the_data_names_a_source_and_days_in_order() -> None:
    assert date.fromisoformat(version()) <= date(2100, 1, 1)
    for one in calendar():
        assert one.source.startswith("https://") and one.announced < one.date and one.what and one.next_step
    assert due(WANT, calendar(), date(2024, 1, 1)) is None
    assert isinstance(due(WANT, calendar(), BEFORE), Due)


def test_a_stage_without_a_configuration_has_nothing_to_retire() -> None:
    assert retirement(Desired("qa", None, (), ()), Policy("qa", "production"), AFTER) is None


def test_the_reference_has_every_row_of_the_data() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "retired-logins.md").read_text(encoding="utf-8")
    for one in calendar():
        row = next(line for line in page.splitlines() if line.startswith(f"| {one.provider} |"))
        days = (one.announced.isoformat(), one.date.isoformat())
        assert all(text in row for text in (*one.hosts, one.method, *days, one.source)), row
