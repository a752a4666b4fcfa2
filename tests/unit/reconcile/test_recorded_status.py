"""What `status --record-only` says: what the record knows, which is more than that the last run went well."""

from dataclasses import replace

import pytest
from tests.unit.reconcile.conftest import House

from stagemail.errors import NotPermitted, Unreachable
from stagemail.model import email
from stagemail.model.condition import Condition
from stagemail.model.standing import Standing
from stagemail.ports import Entry
from stagemail.reconcile.conditions import after_error
from stagemail.reconcile.once import once
from stagemail.reconcile.status import recorded


def ready(house: House) -> Condition:
    return recorded(house.request(), house.world()).conditions[0]


def test_drift_that_the_last_run_left_alone_is_not_called_applied(house: House) -> None:
    once(house.request(), house.world())
    assert (ready(house).status, ready(house).reason) == ("True", "Applied")
    house.target.set(house.key, email.SENDER_ADDRESS, "else@example.com")
    house.automatic = True
    house.policy = {"self_heal": "none"}
    run = once(house.request(), house.world())
    assert run.status == "done" and [o.status for o in run.outcomes] == ["reported"]
    assert (ready(house).status, ready(house).reason) == ("False", "Drifted")
    assert ready(house).message.endswith("sync.selfHeal is none; the platform's own audit trail tells who did it")
    house.record.append([Entry(standing=Standing("qa"))], None)
    assert (ready(house).status, ready(house).reason) == ("False", "NotAutomated"), "by an older release's record"


def test_what_was_applied_is_known_however_often_the_stage_was_held_since(house: House) -> None:
    done = once(house.request(), house.world())
    held = [replace(done, id=f"held-{number}", status="held", revision=f"{number:040x}") for number in range(60)]
    house.record.append([Entry(run=run) for run in held], None)
    assert recorded(house.request(), house.world()).applied == done.revision


def test_a_run_that_only_told_what_it_may_not_do_applied_nothing(house: House) -> None:
    house.automatic = True
    house.policy = {"automated": False}
    told = once(house.request(), house.world())
    assert told.status == "done" and {o.status for o in told.outcomes} == {"reported"}
    assert recorded(house.request(), house.world()).applied == ""
    house.automatic = False
    assert once(house.request(), house.world()).status == "done"
    assert recorded(house.request(), house.world()).applied == told.revision


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotPermitted("the client may not view the stage"), ("False", "NotPermitted")),
        (Unreachable("the platform is away"), ("Unknown", "Unreachable")),
    ],
)
def test_a_look_that_was_stopped_since_the_last_run_is_told(
    house: House, error: NotPermitted | Unreachable, said: tuple[str, str]
) -> None:
    once(house.request(), house.world())
    standing = after_error(house.record.standing("qa"), error, house.revision, house.clock.now())
    house.record.append([Entry(standing=standing)], None)
    assert (ready(house).status, ready(house).reason) == said
    assert ready(house).message == error.sentence
