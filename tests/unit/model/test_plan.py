"""What a plan and its steps say of themselves."""

from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.plan import Plan
from stagemail.model.step import Change, Hazard, Step

HAZARD = Hazard("takeover", "server.port=587", "somebody outside Git set 25")
CLEAR = Step(
    "write", Key("qa", "configuration", "e"), "qa", "connection", 2, (Change("server.port", 25, 587, "changed"),)
)
HELD = Step("write", Key("qa", "binding", "a"), "CRM", "recipients", 4, hazards=(HAZARD,), held=(HAZARD,), blocked="x")
REPORTED = Step("write", Key("qa", "binding", "b"), "B", "recipients", 0, reported=True)
BLOCKED = Step("write", Key("qa", "binding", "c"), "C", "recipients", 0, blocked="secret x was not read")
LATER = Step("activate", Key("qa", "binding", "a"), "CRM", "live", 3, if_pending=True)


def plan(*steps: Step, hazards: tuple[Hazard, ...] = ()) -> Plan:
    return Plan("qa", "memory", "a" * 40, "f", StageIdentity("e", "QA"), steps, hazards=hazards)


def test_each_step_is_in_one_of_four_lists() -> None:
    whole = plan(CLEAR, HELD, REPORTED, BLOCKED, LATER)
    assert (whole.runnable, whole.held) == ((CLEAR, LATER), (HELD,))
    assert (whole.reported, whole.blocked) == ((REPORTED,), (BLOCKED,))


def test_a_plan_is_held_by_a_step_or_as_a_whole() -> None:
    assert [one.is_held for one in (plan(CLEAR), plan(HELD), plan(hazards=(HAZARD,)))] == [False, True, True]


def test_making_live_what_may_be_pending_is_no_change_of_its_own() -> None:
    assert [one.has_changes for one in (plan(), plan(LATER), plan(CLEAR, LATER))] == [False, False, True]


def test_a_steps_name_tells_its_resource_action_unit_and_phase() -> None:
    assert CLEAR.id == "qa/configuration/e:write:connection:2"
