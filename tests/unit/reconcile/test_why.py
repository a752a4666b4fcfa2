"""Why a stage is as it is: what waits, what runs out, the way back; and what can be told while the platform is down."""

from dataclasses import replace

import pytest
from tests.unit.reconcile.conftest import PASSWORD, House

from stagemail.errors import Unreachable
from stagemail.model import email
from stagemail.model.revision import Commit
from stagemail.model.waiver import Waiver
from stagemail.reconcile.once import once
from stagemail.reconcile.why import Changes, why
from stagemail.report.why import Why
from stagemail.secret.memory import MemoryStore

COMMITS = tuple(Commit(f"{n}" * 40, "Ada <ada@example.com>", "2026-11-21T10:00:00Z", f"Commit {n}") for n in (3, 2, 1))
CHANGES = Changes(COMMITS, COMMITS[1:], ("uat",))


def asked(house: House, changes: Changes = CHANGES, own: dict[str, str] | None = None) -> Why:
    return why(house.request(), house.world(), changes, own or {})


def test_the_way_back_reverts_the_newest_commit_of_the_stages_documents(house: House) -> None:
    once(house.request(), house.world())
    found = asked(house)
    assert found.revert == ("git revert --no-edit 222222222222", "stagemail plan qa", "stagemail apply qa")
    assert (found.commits, found.also) == (COMMITS, ("uat",))
    assert found.status.ready
    assert found.changed_by_us is not None


@pytest.mark.parametrize("documents", [(), COMMITS[:1]])
def test_there_is_no_way_back_before_the_first_commit(house: House, documents: tuple[Commit, ...]) -> None:
    assert asked(house, Changes(COMMITS, documents)).revert == ()


def test_a_run_that_wrote_nothing_is_not_our_last_change(house: House) -> None:
    first = once(house.request(), house.world())
    once(house.request(), house.world())
    found = asked(house)
    assert found.changed_by_us is not None
    assert found.changed_by_us.id == first.id


def test_one_pending_value_in_many_apps_is_said_once_and_unbound_apps_count(house: House) -> None:
    once(house.request(), house.world())
    house.target.set(house.key, email.SENDER_NAME, "Oops", pending=True)
    house.target.leave_pending(house.apps["Portal"], "settings: ApiUrl")
    found = asked(house)
    assert [(p.field, p.live, p.set, p.apps) for p in found.pending] == [
        (email.SENDER_NAME, None, "Oops", ("Billing", "CRM", "Portal"))
    ]
    assert found.foreign == ("Portal: settings: ApiUrl",)


def test_drift_is_told_with_both_sides(house: House) -> None:
    once(house.request(), house.world())
    house.target.set(house.key, email.PORT, 2525)
    (drift,) = [drift for drift in asked(house).drift if drift.field == email.PORT]
    assert (drift.platform_has, drift.git_wants) == (2525, 587)


def test_everything_that_runs_out_is_listed_the_soonest_first(house: House) -> None:
    house.fields[email.PASSWORD] = replace(PASSWORD, expires="2026-12-02")
    house.waivers = (Waiver("w", "takeover", "x", "CHG-1", expires="2026-11-20"), Waiver("v", "takeover", "y", "CHG-2"))
    found = asked(house, own={"clientSecret of target odc": "2026-11-22", "other": ""})
    assert [(it.on, it.days) for it in found.expiries] == [("2026-11-20", -2), ("2026-11-22", 0), ("2026-12-02", 10)]


def test_a_platform_that_does_not_answer_leaves_the_rest_to_be_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(house.request(), house.world())

    def down(_stage: str) -> None:
        raise Unreachable("the platform does not answer", hint="wait")

    monkeypatch.setattr(house.target, "inventory", down)  # the platform in memory is never down by itself
    found = asked(house)
    assert [(failure.error, failure.retryable) for failure in found.failures] == [("Unreachable", True)]
    assert found.revert
    assert found.changed_by_us is not None
    assert found.status.observed_at is None


def test_a_secret_that_cannot_be_read_is_named(house: House) -> None:
    once(house.request(), house.world())
    house.store = MemoryStore({})
    assert any("SMTP_QA" in failure.message for failure in asked(house).failures)


def test_looking_writes_nothing(house: House) -> None:
    once(house.request(), house.world())
    before = len(house.target.ledger)
    asked(house)
    assert len(house.target.ledger) == before
