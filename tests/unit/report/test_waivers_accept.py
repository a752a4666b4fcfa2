"""The law of the waivers to paste: with them committed, the planner holds nothing of the same plan any more."""

from dataclasses import replace

import pytest
from tests.unit.planning.stage import BASIC, LIST, REAL, SERVER, Stage, app, binding, pending

from stagemail.document import read
from stagemail.model import email
from stagemail.model.inventory import StageIdentity
from stagemail.model.plan import Plan
from stagemail.model.policy import Policy
from stagemail.model.selector import Selector
from stagemail.model.waiver import Waiver
from stagemail.report.plan_text import plan_text
from stagemail.report.waivers import waivers_yaml

NAMES = ("Billing", "CRM", "Portal*", "What?", "no", "Ünï cödé: app")
APPS = tuple(app(f"app{number}", name=name) for number, name in enumerate(NAMES))
LISTS = dict.fromkeys(NAMES, LIST)
PLAIN = dict.fromkeys(("Billing", "CRM", "FieldApp"), LIST)
FULL = {**SERVER, **BASIC}
ALL = (binding("*", fields=REAL),)
MANY = Policy("qa", "non-production", mass_absolute=1, mass_relative=0.1)

STAGES = {
    "widening": Stage(binds=ALL, apps=tuple(map(app, PLAIN)), app_has=PLAIN, app_known=PLAIN),
    "odd names": Stage(binds=ALL, apps=APPS, app_has=LISTS),
    "takeover": Stage(want={**FULL, email.HOST: "a.example"}, has={**FULL, email.PORT: 25}),
    "host": Stage(want={**FULL, email.HOST: "other.example"}, has=FULL, known=FULL),
    "security": Stage(want={**FULL, email.SECURITY: "none"}, has=FULL, known=FULL),
    "mass": Stage(binds=ALL, apps=tuple(map(app, PLAIN)), app_has=PLAIN, app_known=PLAIN, policy=MANY),
    "identity": Stage(want={**SERVER, email.PORT: 25}, has=SERVER, known=SERVER, was=StageIdentity("env-qa", "Old")),
    "foreign": Stage(
        want={**SERVER, email.PORT: 25},
        has=SERVER,
        known=SERVER,
        binds=(binding("*", fields=LIST),),
        apps=(app("Billing"), app("CRM")),
        app_has={"CRM": {**LIST, email.SENDER_NAME: pending("x", "y")}, "Billing": LIST},
        app_known={"CRM": LIST, "Billing": LIST},
    ),
}


def pasted(plan: Plan) -> tuple[Waiver, ...]:
    """The waivers of the plan's report as a repository would give them back."""
    documents, problems = read(waivers_yaml(plan).encode(), "environments/qa/waivers.yaml")
    assert not problems
    return tuple(
        Waiver(
            document.value["metadata"]["name"],
            document.value["spec"]["allow"],
            str(document.value["spec"]["to"]),
            document.value["spec"]["reason"],
            tuple(map(Selector, document.value["spec"].get("apps", ()))),
        )
        for document in documents
    )


@pytest.mark.parametrize("name", sorted(STAGES))
def test_with_the_pasted_waivers_nothing_is_held(name: str) -> None:
    stage = STAGES[name]
    plan = stage.plan()
    assert plan.is_held
    accepted = replace(stage, waivers=pasted(plan)).plan()
    # what a hazard of the whole plan held comes into view with its own hazards, and is accepted like any other
    accepted = replace(stage, waivers=(*pasted(plan), *pasted(accepted))).plan()
    assert not accepted.is_held
    assert "To accept what is held" not in plan_text(accepted)


def test_the_waiver_of_an_app_whose_name_is_a_pattern_accepts_no_other_app() -> None:
    star, admin = app("star", name="Portal*"), app("PortalAdmin")
    before = Stage(binds=ALL, apps=(star, admin), app_has={"Portal*": LIST, "PortalAdmin": REAL})
    after = replace(before, app_has={"Portal*": LIST, "PortalAdmin": LIST}, waivers=pasted(before.plan()))
    assert [step.label for step in after.plan().held] == ["PortalAdmin"]
