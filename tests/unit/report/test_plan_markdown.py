"""The plan in a pull request."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import EMPTY_PLAN, PLAN, SETTINGS, STAGE, WIDEN

from stagemail.errors import Unreachable
from stagemail.model.plan import Note
from stagemail.model.step import Change, Hazard, Step
from stagemail.report.plan_markdown import plans_markdown

EVIL = "x|`</details><img src=x onerror=alert(1)>\n\n# owned @org/team"


def test_plans_read_as_in_the_golden_file() -> None:
    errors = {"production": Unreachable("no answer from example.outsystems.dev", hint="try again later")}
    assert_golden("plan.md", plans_markdown([PLAN, EMPTY_PLAN], errors))


def test_a_hostile_name_is_in_no_html_and_makes_no_heading() -> None:
    hazard = Hazard("takeover", EVIL, EVIL)
    steps = (
        replace(WIDEN, label=EVIL),
        replace(SETTINGS, changes=(Change("server.host", EVIL, EVIL, "takeover"),), hazards=(hazard,), held=(hazard,)),
    )
    text = plans_markdown([replace(PLAN, steps=steps, notes=(Note("uncovered", EVIL, EVIL),), hazards=(hazard,))])
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    flat = [*parsed, *(child for token in parsed for child in token.children or ())]
    html = "".join(token.content for token in flat if token.type.startswith("html"))
    assert "img" not in html
    assert html.count("</details>") == text.count("<details>") == 2
    assert sum(token.type == "heading_open" for token in parsed) == 1


HOST = Change("server.host", "a.example", "b.example", "changed")
LONG = replace(
    PLAN,
    steps=(*(Step("write", STAGE, "qa", f"unit-{number}", 2, (HOST,)) for number in range(60)), WIDEN),
    notes=tuple(Note("waiting", f"App{number}", f"soon {number}") for number in range(200)),
)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (60_000, ""),
        (8_000, "Notes are left out here"),
        (2_000, "Steps and notes are left out here"),
        (300, "Only headlines fit here"),
    ],
)
def test_the_text_keeps_to_its_limit_and_says_what_is_left_out(limit: int, sentence: str) -> None:
    text = plans_markdown([LONG], limit=limit)
    assert len(text) <= limit
    assert sentence in text
    assert ("left out here" in text or "fit here" in text) == bool(sentence)
    assert "`qa/CRM`: test list → real users" in text


def test_where_not_even_headlines_fit_the_command_is_named() -> None:
    assert plans_markdown([LONG] * 9, limit=200) == (
        "9 plans are too long for this place; run `stagemail plan` to see them.\n"
    )


def test_a_widening_is_never_behind_a_click() -> None:
    text = plans_markdown([PLAN])
    assert text.index("`qa/CRM`: test list → real users") < text.index("<details>")


def test_what_is_blocked_or_accepted_is_said_with_its_reason() -> None:
    blocked = replace(SETTINGS, blocked="secret env:SMTP_QA was not read")
    text = plans_markdown([replace(PLAN, steps=(blocked, replace(WIDEN, held=(), waivers=("crm-pilot",))))])
    assert "| `qa` | **blocked** | secret `env:SMTP_QA` was not read |" in text
    assert "| `qa/CRM` | accepted by `crm-pilot`: recipients-widened | CRM: test list → real users |" in text
