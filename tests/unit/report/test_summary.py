"""A plan in numbers, and what to do next."""

from dataclasses import replace

from tests.unit.report.samples import EMPTY_PLAN, NARROW, PLAN, REVISION, SETTINGS, SETTINGS_LIVE, STAGE, WIDEN

from stagemail.model.plan import Note, Plan
from stagemail.model.step import Step
from stagemail.report.summary import counts_text, next_text, short, summary_of

FORGET = Step("unmanage", STAGE, "qa", "configuration", 6)
BLOCKED = replace(SETTINGS, blocked="secret env:SMTP_QA was not read")


def of(*steps: Step) -> Plan:
    return replace(EMPTY_PLAN, steps=steps)


def test_a_plan_in_numbers() -> None:
    summary = summary_of(replace(PLAN, steps=(*PLAN.steps, FORGET)))
    assert (summary.write, summary.activate, summary.forget, summary.held) == (2, 1, 1, 1)
    assert (summary.left_alone, summary.waiting, summary.widened) == (3, 1, ("CRM",))
    assert counts_text(summary) == ("2 to write, 1 to make live, 1 to forget, 1 held, 1 waiting, 3 left alone")


def test_activations_that_may_not_be_needed_are_not_counted() -> None:
    assert summary_of(of(*SETTINGS_LIVE)).activate == 0
    assert counts_text(summary_of(of(*SETTINGS_LIVE))) == "nothing to do"


def test_a_widening_is_seen_from_the_hazard_too() -> None:
    assert summary_of(of(replace(WIDEN, changes=()))).widened == ("CRM",)


def test_an_app_that_is_in_sync_in_two_ways_is_left_alone_once() -> None:
    notes = (Note("in-sync", "A", "x"), Note("in-sync", "A", "y"))
    assert summary_of(replace(EMPTY_PLAN, notes=notes)).left_alone == 1


def test_the_next_step_is_a_command_that_fits_the_plan() -> None:
    assert next_text(of(SETTINGS)) == "Next: stagemail apply qa."
    assert next_text(of(SETTINGS, WIDEN)) == "Next: stagemail apply qa; what is held stays as it is."
    assert next_text(of(NARROW, WIDEN, BLOCKED)).endswith("; what is held or blocked stays as it is.")
    assert next_text(of(WIDEN)).startswith("Next: commit a waiver as above, or change the files")
    assert next_text(of(BLOCKED)).startswith("Next: provide what is missing")
    assert "brings back what Git wants" in next_text(of(replace(NARROW, reported=True)))
    assert next_text(of(replace(SETTINGS, reported=True))).endswith("automation leaves this to a person.")
    assert next_text(EMPTY_PLAN).startswith("Nothing to do")


def test_only_a_commit_is_shortened() -> None:
    assert short(REVISION) == REVISION[:12]
    assert short("working-tree") == "working-tree"
    assert short("a-branch-with-a-name-that-is-longer-than-forty-characters") == (
        "a-branch-with-a-name-that-is-longer-than-forty-characters"
    )
