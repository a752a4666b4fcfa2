"""The order of work, one request per resource, and what is made live when."""

from tests.unit.planning.stage import (
    BASIC,
    IDENTITY,
    LIST,
    OLD,
    REAL,
    REF,
    SERVER,
    STAGE_KEY,
    Stage,
    app,
    app_key,
    binding,
    kinds,
    notes,
    pending,
    steps,
    waive,
)

from stagemail.model import email
from stagemail.model.secret import Masked
from stagemail.model.snapshot import AppliedField, Capabilities, ObservedField

CRM = app_key("CRM")
ACCEPTED = waive("recipients-widened", "set-in-app", "Widen", "W", "CRM")


def told(stage: Stage) -> list[tuple[str, str]]:
    return [(step.action, step.label) for step in stage.plan().steps]


def test_narrow_first_and_live_then_the_stage_then_widen_then_forget() -> None:
    stage = Stage(
        want={**SERVER, email.SENDER_NAME: "QA"},
        binds=(binding("Narrow", name="n", fields=LIST), binding("Widen", name="w", fields=REAL)),
        apps=(app("Narrow"), app("Widen"), app("Gone"), app("Free")),
        app_has={"Narrow": REAL, "Widen": LIST},
        app_known={"Narrow": REAL, "Widen": LIST, "Gone": LIST},
        waivers=(ACCEPTED,),
    )
    assert told(stage) == [
        ("write", "Narrow"),
        ("activate", "Narrow"),
        ("write", "qa"),
        ("activate", "Free"),
        ("activate", "Gone"),
        ("activate", "Narrow"),
        ("activate", "Widen"),
        ("write", "Widen"),
        ("activate", "Widen"),
        ("unmanage", "Gone"),
    ]
    assert [step.phase for step in stage.plan().steps] == [0, 1, 2, 3, 3, 3, 3, 4, 5, 6]


def test_recipients_in_the_stage_narrow_first_and_widen_last_too() -> None:
    can = Capabilities({"configuration": dict.fromkeys(email.SPECS, "sets")})
    stage = Stage(want={**SERVER, **LIST}, has=REAL, known=REAL, apps=(app("CRM"),), capabilities=can)
    phases = [(step.action, step.phase, step.if_pending) for step in stage.plan().steps]
    assert phases == [("write", 0, False), ("activate", 1, True), ("write", 2, False), ("activate", 3, True)]
    stage.want, stage.has, stage.known = {**SERVER, **REAL}, LIST, LIST
    stage.waivers = (waive("recipients-widened", "set-in-app"),)
    assert [step.phase for step in stage.plan().steps] == [2, 3, 4, 5]


def test_all_that_may_run_on_a_resource_is_one_request() -> None:
    has = {email.PORT: 25, email.SENDER_NAME: "old"}
    step = Stage(want={email.PORT: 587, email.SENDER_NAME: "new"}, has=has, known=has).write()
    assert step.unit == "connection+sender"
    assert {change.field for change in step.changes} == {email.PORT, email.SENDER_NAME}
    assert step.why == ("changed in Git", "configuration relay")


def test_what_is_held_between_two_units_does_not_cost_a_second_request() -> None:
    """In the order of names the held recipients stand between connection and sender."""
    can = Capabilities({"configuration": dict.fromkeys(email.SPECS, "sets")})
    has = {email.PORT: 25, email.SENDER_NAME: "old", **LIST}
    want = {email.PORT: 587, email.SENDER_NAME: "new", email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: ("b@c.de",)}
    known = {**has, email.TEST_LIST: ("else@example.com",)}
    plan = Stage(want=want, has=has, known=known, capabilities=can).plan()
    assert [step.unit for step in steps(plan, "write")] == ["connection+sender", "recipients"]
    assert [kinds(step) for step in plan.held] == [{"takeover": "recipients.testList=b@c.de"}]


def test_steps_have_names_of_their_own() -> None:
    stage = Stage(want=SERVER, binds=(binding("*", fields=LIST),), apps=(app("A"), app("B")))
    names = [step.id for step in stage.plan().steps]
    assert len(set(names)) == len(names)


# Making live


def live(stage: Stage) -> list[tuple[str, int, bool]]:
    return [(step.label, step.phase, step.if_pending) for step in steps(stage.plan(), "activate")]


def test_every_deployed_app_runs_the_stages_settings_bound_or_not() -> None:
    agent = app("Robot", bindable=False)
    stage = Stage(want=SERVER, apps=(app("B"), app("A"), agent), binds=(binding("A", fields=LIST),))
    stage.app_has = stage.app_known = {"A": LIST}
    assert live(stage) == [("A", 3, True), ("B", 3, True)]


def test_a_held_write_makes_nothing_live() -> None:
    stage = Stage(want=SERVER, has={email.PORT: 25}, apps=(app("A"),))
    assert stage.plan().is_held
    assert live(stage) == []


def test_what_is_pending_and_as_git_wants_is_made_live_whoever_set_it() -> None:
    stage = Stage(want=SERVER, has=SERVER, known=SERVER, apps=(app("CRM"),))
    stage.app_has = {"CRM": {**SERVER, email.PORT: pending(587, 25)}}
    assert live(stage) == [("CRM", 3, False)]
    assert stage.plan().steps[0].why == ("pending, and as Git wants: server.port",)
    assert stage.plan().steps[0].hazards == ()


def test_recipients_that_are_pending_keep_the_order_of_narrow_and_widen() -> None:
    stage = Stage(binds=(binding("N", name="n", fields=LIST), binding("W", name="w", fields=REAL)))
    stage.apps, stage.waivers = (app("N"), app("W")), (ACCEPTED,)
    stage.app_has = {
        "N": {**LIST, email.RECIPIENTS_MODE: pending("test-list", "set-in-app")},
        "W": {email.RECIPIENTS_MODE: pending("set-in-app", "test-list")},
    }
    stage.app_known = {"N": LIST, "W": REAL}
    assert live(stage) == [("N", 1, False), ("W", 5, False)]
    assert all(step.runnable for step in stage.plan().steps)


def test_a_list_that_is_pending_is_live_before_the_stage_is_written() -> None:
    stage = Stage(want=SERVER, binds=(binding("N", fields=LIST),), apps=(app("N"),), app_known={"N": LIST})
    stage.app_has = {"N": {**LIST, email.RECIPIENTS_MODE: pending("test-list", "set-in-app")}}
    assert live(stage) == [("N", 1, False), ("N", 3, True)]


def test_a_pending_secret_is_ours_only_where_we_wrote_it_last() -> None:
    fields = {**SERVER, **BASIC}
    stage = Stage(want=fields, has=fields, known=fields, apps=(app("CRM"),))
    masked = ObservedField(Masked(present=True), Masked(present=True), pending=True)
    stage.app_has = {"CRM": {**SERVER, email.PASSWORD: masked}}
    assert live(stage) == [("CRM", 3, False)]
    stage.known = {**fields, email.PASSWORD: AppliedField(OLD, verified=False)}
    assert live(stage) == []
    assert notes(stage.plan(), "foreign-pending") == ["CRM"]


def test_a_pending_secret_that_somebody_wrote_over_is_theirs() -> None:
    fields = {**SERVER, **BASIC}
    theirs = ObservedField(Masked(present=True), Masked(present=True), evidence="tuesday")
    stage = Stage(want=fields, has={**fields, email.PASSWORD: theirs}, apps=(app("CRM"),), secrets={REF: OLD})
    stage.known = {**fields, email.PASSWORD: AppliedField(OLD, "monday")}
    stage.policy = type(stage.policy)("qa", "non-production", automated=True, self_heal="none", automatic=True)
    masked = ObservedField(Masked(present=True), Masked(present=True), pending=True)
    stage.app_has = {"CRM": {**SERVER, email.PASSWORD: masked}}
    assert live(stage) == []


def test_foreign_values_are_named_where_nothing_is_made_live() -> None:
    stage = Stage(apps=(app("CRM"),), foreign={"CRM": ("Timer",)})
    assert notes(stage.plan(), "foreign-pending") == ["CRM"]
    assert stage.plan().steps == ()


def test_a_pending_value_that_this_plan_writes_over_is_not_dragged_along() -> None:
    """The stage's port is pending with another value in the app; the plan writes it before it makes the app live."""
    stage = Stage(want=SERVER, has={**SERVER, email.PORT: 26}, known={**SERVER, email.PORT: 26}, apps=(app("CRM"),))
    stage.app_has = {"CRM": {**SERVER, email.PORT: pending(26, 25)}}
    (step,) = steps(stage.plan(), "activate")
    assert (step.phase, step.hazards) == (3, ())


def test_a_list_is_made_live_with_the_stage_where_it_would_drag_along_what_the_stage_writes_over() -> None:
    stage = Stage(want=SERVER, has={**SERVER, email.HOST: "theirs.example"}, known=SERVER)
    stage.binds, stage.apps, stage.app_known = (binding("CRM", fields=LIST),), (app("CRM"),), {"CRM": LIST}
    stage.app_has = {"CRM": {**SERVER, **REAL, email.HOST: pending("theirs.example", "smtp.example.com")}}
    assert live(stage) == [("CRM", 3, False)]
    assert steps(stage.plan(), "activate")[0].hazards == ()


def test_pending_recipients_that_are_written_over_last_are_not_dragged_along_before() -> None:
    """Somebody left another list pending; Git wants real users, which a waiver accepts."""
    other = pending(("x@example.com",), ("qa@example.com",))
    stage = Stage(want={**SERVER, email.PORT: 25}, has=SERVER, known=SERVER, waivers=(ACCEPTED,))
    stage.binds, stage.apps = (binding("CRM", fields={**REAL, email.TEST_LIST: ()}),), (app("CRM"),)
    stage.app_has = {"CRM": {**LIST, email.TEST_LIST: other}}
    stage.app_known = {"CRM": {**LIST, email.TEST_LIST: ("x@example.com",)}}
    assert live(stage) == [("CRM", 5, False)]
    assert all(step.runnable for step in stage.plan().steps)


def test_an_app_that_was_not_read_is_made_live_only_if_something_is_pending_there() -> None:
    stage = Stage(want=SERVER, apps=(app("Free"),), unseen=frozenset({app_key("Free")}))
    assert live(stage) == [("Free", 3, True)]


def test_the_order_of_the_inventory_is_not_the_order_of_work() -> None:
    stage = Stage(want=SERVER, apps=(app("B"), app("A")), identity=IDENTITY)
    assert [step.label for step in steps(stage.plan(), "activate")] == ["A", "B"]
    assert stage.plan().steps[0].key == STAGE_KEY
