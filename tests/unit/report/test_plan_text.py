"""The plan as a person reads it in a terminal."""

from dataclasses import replace

import pytest
from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import EMPTY_PLAN, PLAN, SETTINGS, SETTINGS_LIVE, STAGE, WIDEN, app

from stagemail.model.plan import Note
from stagemail.model.step import Change, Hazard, Step
from stagemail.report.plan_text import plan_text
from stagemail.report.sheet import cells


def test_a_plan_reads_as_in_the_golden_file() -> None:
    assert_golden("plan.txt", plan_text(PLAN))


def test_an_empty_plan_says_that_there_is_nothing_to_do() -> None:
    assert_golden("plan-empty.txt", plan_text(EMPTY_PLAN))


def test_a_widening_is_the_first_line_whatever_else_the_plan_does() -> None:
    assert plan_text(PLAN).splitlines()[0] == "qa/CRM: test list → real users (held)"


def test_an_accepted_widening_names_its_waiver() -> None:
    accepted = replace(WIDEN, held=(), waivers=("crm-pilot",))
    text = plan_text(replace(PLAN, steps=(accepted,)))
    assert text.splitlines()[0] == "qa/CRM: test list → real users (accepted by waiver crm-pilot)"
    assert "To accept" not in text


def test_a_widening_is_seen_from_its_change_even_where_no_hazard_was_named() -> None:
    text = plan_text(replace(PLAN, steps=(replace(WIDEN, hazards=(), held=()),)))
    assert text.splitlines()[0] == "qa/CRM: test list → real users (nothing holds it)"


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_no_line_is_wider_than_the_terminal_unless_it_is_one_word_or_yaml_to_paste(width: int) -> None:
    yaml_to_paste = ("apiVersion", "kind", "metadata", "allow", "apps", "to:", "reason")
    for line in plan_text(PLAN, width=width).splitlines():
        words = line.split()
        assert cells(line) <= width or words[0].startswith(yaml_to_paste) or len(words) <= 2, line


def test_what_everything_is_held_for_is_said_once_at_the_top() -> None:
    mass = Hazard("mass-change", "12 of 30", "would change 12 of 30 resources at once")
    steps = tuple(replace(step, hazards=(mass,), held=(mass,)) for step in (SETTINGS, *SETTINGS_LIVE))
    text = plan_text(replace(PLAN, steps=steps, hazards=(mass,)))
    assert text.count("would change 12 of 30 resources at once") == 1
    assert "Everything is held: mass-change" in text
    assert 'allow: mass-change\n      to: "12 of 30"' in text


def test_apps_that_would_be_made_live_for_the_same_reason_are_one_line() -> None:
    assert "make it live where it is still pending: 5 apps (Billing, CRM," in plan_text(PLAN)


def test_of_very_many_things_in_order_only_some_are_named_and_all_are_counted() -> None:
    notes = tuple(Note("in-sync", f"App{number:04}", "") for number in range(1000))
    text = plan_text(replace(EMPTY_PLAN, notes=notes))
    assert "App0039 and 960 more" in text.replace("\n  ", " ")
    assert "1000 left alone" in text


def test_a_held_activation_stands_apart_from_those_that_run() -> None:
    foreign = Hazard("foreign-pending", "server.host", "CRM: would also make live what somebody else left pending")
    held = replace(SETTINGS_LIVE[1], hazards=(foreign,), held=(foreign,))
    text = plan_text(replace(PLAN, steps=(SETTINGS, SETTINGS_LIVE[0], held, *SETTINGS_LIVE[2:])))
    assert "held: make it live where it is still pending: 1 app (CRM)" in text
    assert "held for foreign-pending: CRM: would also" in text


def test_a_blocked_step_says_what_is_missing() -> None:
    blocked = replace(SETTINGS, blocked="secret env:SMTP_QA was not read")
    text = plan_text(replace(PLAN, steps=(blocked,)))
    assert "blocked: secret env:SMTP_QA was not read" in text
    assert "\nNext: provide what is missing" in text


def test_reported_drift_is_not_counted_as_written() -> None:
    text = plan_text(replace(PLAN, steps=(replace(SETTINGS, reported=True),)))
    assert text.splitlines()[0] == "qa at 3f2a91c4d5e6: 1 reported, 1 waiting, 3 left alone"
    assert "reported, left alone: write qa connection" in text


def test_a_hazard_that_only_warns_is_shown_without_holding() -> None:
    warned = replace(SETTINGS, hazards=(Hazard("sender-domain-changed", "b.example", "the sender's domain goes to b"),))
    text = plan_text(replace(PLAN, steps=(warned,)))
    assert "note sender-domain-changed: the sender's domain goes to b" in text


def test_colour_is_there_only_on_request_and_changes_no_character() -> None:
    plain, coloured = plan_text(PLAN), plan_text(PLAN, color=True)
    assert "\x1b" not in plain
    assert "\x1b[31m" in coloured
    for code in ("0", "1", "2", "31", "32", "33", "36"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == plain


def test_a_hostile_app_name_cannot_act_on_the_terminal() -> None:
    name = "CRM\x1b]0;owned\x07\u202e\nqa at 0000: nothing to do"
    step = replace(WIDEN, label=name, key=app("CRM"))
    text = plan_text(replace(PLAN, steps=(step,), notes=(Note("uncovered", name, f"{name} is bound by nobody"),)))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "CRM\\x1b]0;owned\\x07\\u202e\\nqa at 0000" in text
    assert "apps: [key-of-CRM]" in text


def test_a_value_that_is_longer_than_the_line_is_never_cut() -> None:
    host = "relay-" + "x" * 120 + ".example.com"
    step = Step("write", STAGE, "qa", "connection", 2, (Change("server.host", "", host, "create"),))
    assert host in plan_text(replace(PLAN, steps=(step,)))
