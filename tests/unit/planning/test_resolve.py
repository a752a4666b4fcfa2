"""Which app is bound by which binding: names, keys, patterns, exceptions, conflicts, and who is left."""

from dataclasses import replace

from tests.unit.planning.stage import (
    LIST,
    OURS,
    REAL,
    SERVER,
    STAGE_KEY,
    Stage,
    app,
    app_key,
    binding,
    notes,
)

from stagemail.model import email
from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.location import Place
from stagemail.model.snapshot import Capabilities
from stagemail.planning import keys_to_observe
from stagemail.planning.resolve import resolve


def resolved(*binds, apps=("CRM", "Billing", "PortalAdmin"), want=None):
    found = tuple(one if not isinstance(one, str) else app(one) for one in apps)
    situation = Stage(want=want, binds=binds, apps=found).situation()
    return resolve(situation.desired, situation.inventory, situation.capabilities, {})


def bound(result) -> dict[str, str]:
    return {resource.label: resource.reason for resource in result.resources if resource.key.kind == BINDING}


def test_an_app_is_bound_by_its_name_its_key_or_a_pattern() -> None:
    result = resolved(binding("CRM", "key-billing", "Portal*", fields=LIST))
    assert bound(result) == {
        "CRM": "binding apps, by name",
        "Billing": "binding apps, by name",
        "PortalAdmin": "binding apps, pattern Portal*",
    }
    assert [resource.pattern for resource in result.resources] == ["", "", "Portal*"]
    assert (result.uncovered, result.conflicts, result.notes) == ((), (), ())


def test_an_exact_name_beats_a_pattern_of_another_binding() -> None:
    result = resolved(binding("*", name="a-all"), binding("CRM", name="z-crm"))
    assert bound(result)["CRM"] == "binding z-crm, by name"
    assert result.conflicts == ()


def test_except_takes_an_app_out_of_its_own_binding_only() -> None:
    result = resolved(binding("*", name="all", excluded=("Portal*",)), binding("Portal?dmin", name="portal"))
    assert bound(result)["PortalAdmin"] == "binding portal, pattern Portal?dmin"
    assert result.conflicts == ()


def test_except_beats_an_exact_name_of_the_same_binding() -> None:
    result = resolved(binding("CRM", excluded=("key-crm",)))
    assert [found.name for found in result.uncovered] == ["Billing", "CRM", "PortalAdmin"]


def test_two_names_for_one_app_conflict_and_both_places_are_told() -> None:
    result = resolved(binding("Billing", "CRM", name="one"), binding("key-crm", name="two"))
    (conflict,) = result.conflicts
    assert conflict.places == (
        Place("one.yaml", 0, ("spec", "apps", "1")),
        Place("two.yaml", 0, ("spec", "apps", "0")),
    )
    assert "app CRM is bound twice by name: by one (CRM) and by two (key-crm)" in conflict.message


def test_two_patterns_for_one_app_conflict() -> None:
    result = resolved(binding("C*", name="one"), binding("*M", name="two"))
    assert [conflict.app for conflict in result.conflicts] == ["CRM"]
    assert "twice by pattern" in result.conflicts[0].message


def test_two_bindings_of_the_same_name_are_two_bindings() -> None:
    one, other = binding("CRM"), replace(binding("CRM"), place=Place("other.yaml"))
    assert len(resolved(one, other).conflicts) == 1
    assert resolved(one, other).conflicts == resolved(other, one).conflicts


def test_two_selectors_of_one_binding_do_not_conflict_and_the_longer_one_is_named() -> None:
    result = resolved(binding("*", "Cr*", "C*"))
    assert bound(result)["CRM"] == "binding apps, pattern C*"
    assert result.conflicts == ()


def test_an_app_that_nobody_claims_is_uncovered() -> None:
    result = resolved(binding("CRM"))
    assert [found.name for found in result.uncovered] == ["Billing", "PortalAdmin"]


def test_what_is_not_deployed_yet_waits() -> None:
    result = resolved(binding("CRM", "Later", "Future*"))
    assert [(note.kind, note.subject) for note in result.notes] == [("waiting", "Future*"), ("waiting", "Later")]


def test_a_pattern_that_catches_only_what_its_binding_excepts_waits() -> None:
    assert [note.subject for note in resolved(binding("C*", excluded=("CRM",))).notes] == ["C*"]


def test_a_pattern_whose_apps_are_all_bound_by_name_does_not_wait() -> None:
    assert resolved(binding("C*", name="a"), binding("CRM", name="b")).notes == ()


def test_only_web_and_mobile_apps_bind() -> None:
    agent = app("Robot", type="Agent", bindable=False)
    result = resolved(binding("Robot", "R*"), apps=(agent,))
    assert [(note.kind, note.subject) for note in result.notes] == [("not-bindable", "Robot"), ("waiting", "R*")]
    assert (result.resources, result.uncovered) == ((), ())


def test_an_app_that_shares_its_name_with_an_agent_is_bound_all_the_same() -> None:
    agent = app("CRM", key="agent-crm", type="Agent", bindable=False)
    result = resolved(binding("CRM"), apps=("CRM", agent))
    assert (list(bound(result)), result.notes) == (["CRM"], ())


def test_a_binding_without_recipients_takes_the_configurations() -> None:
    result = resolved(binding("CRM"), want={**SERVER, **LIST}, apps=("CRM",))
    by_kind = {resource.key.kind: dict(resource.fields) for resource in result.resources}
    assert by_kind == {CONFIGURATION: SERVER, BINDING: LIST}


def test_a_binding_with_its_own_recipients_takes_nothing_of_the_configurations() -> None:
    """The configuration's list must not leak into an app that is set to real users."""
    result = resolved(binding("CRM", fields=REAL), want={**SERVER, **LIST}, apps=("CRM",))
    assert [dict(r.fields) for r in result.resources if r.key.kind == BINDING] == [REAL]


def test_what_the_target_cannot_set_is_named_and_not_dropped_silently() -> None:
    can = Capabilities(
        {CONFIGURATION: {email.HOST: "sets", email.SECURITY: "verifies"}, BINDING: {email.RECIPIENTS_MODE: "sets"}},
        {email.SECURITY: "no entry; preflight verifies it"},
    )
    stage = Stage(want={**SERVER, **LIST}, has={email.HOST: "smtp.example.com"}, capabilities=can)
    plan = stage.plan()
    assert plan.steps == ()
    assert notes(plan, "verified-only") == [email.SECURITY]
    assert notes(plan, "unsupported") == [email.TEST_LIST, email.PORT]
    assert "no entry; preflight verifies it" in {note.message for note in plan.notes}


def test_an_apps_own_list_that_only_the_stage_could_hold_is_named() -> None:
    """A target that sets recipients per stage takes the configuration's, and cannot take a binding's."""
    can = Capabilities({CONFIGURATION: dict.fromkeys(email.SPECS, "sets"), BINDING: {}})
    stage = Stage(want=LIST, has=LIST, binds=(binding("CRM", fields=LIST),), apps=(app("CRM"),), capabilities=can)
    assert notes(stage.plan(), "unsupported") == [email.RECIPIENTS_MODE, email.TEST_LIST]
    stage.binds = (binding("CRM"),)
    assert notes(stage.plan(), "unsupported") == []


def test_a_pattern_says_what_it_newly_catches_and_says_it_once() -> None:
    stage = Stage(binds=(binding("C*", "Billing", fields=LIST),), apps=(app("CRM"), app("Billing")))
    assert notes(stage.plan(), "newly-matched") == ["CRM"]
    stage.app_known = {"CRM": LIST}
    assert notes(stage.plan(), "newly-matched") == []


def test_uncovered_and_in_sync_apps_are_listed() -> None:
    stage = Stage(binds=(binding("CRM", fields=LIST),), apps=(app("CRM"), app("Billing")))
    stage.app_has = stage.app_known = {"CRM": LIST}
    assert notes(stage.plan(), "uncovered") == ["Billing"]
    assert notes(stage.plan(), "in-sync") == ["CRM"]
    assert stage.plan().apps == 2


def test_the_least_is_observed_or_every_app() -> None:
    agent = app("Robot", bindable=False)
    stage = Stage(want=SERVER, binds=(binding("CRM", "Later"),), apps=(app("Billing"), app("CRM"), agent)).situation()
    least = keys_to_observe(stage.desired, stage.inventory, every_app=False)
    assert least == (app_key("CRM"), STAGE_KEY)
    every = keys_to_observe(stage.desired, stage.inventory, every_app=True)
    assert every == (app_key("Billing"), app_key("CRM"), STAGE_KEY)


def test_the_list_that_is_inherited_is_the_one_that_is_written() -> None:
    stage = Stage(want={**SERVER, **LIST}, has=SERVER, binds=(binding("CRM"),), apps=(app("CRM"),))
    written = {change.field: change.after for change in stage.write(app_key("CRM")).changes}
    assert written == {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: OURS}


def test_an_app_that_a_list_waits_for_is_told_to_mail_freely_until_the_run_after_its_deploy() -> None:
    freely = "from its first deploy until then its mail goes where the app says"
    listed = Stage(want={**SERVER, **LIST}, binds=(binding("Later"),)).plan()
    (note,) = [note for note in listed.notes if note.kind == "waiting"]
    assert note.message == f"not deployed here yet; bound by apps in the run after it is; {freely}"
    real = Stage(want={**SERVER, **REAL}, binds=(binding("Later"),)).plan()
    assert not any(freely in note.message for note in real.notes)
