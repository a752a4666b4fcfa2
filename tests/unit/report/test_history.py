"""Past runs as a table, JSON and CSV."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import AT, RUN

from stagemail.model.origin import Origin, Site
from stagemail.model.standing import Decision
from stagemail.report.history import COLUMNS, FORMULA, Known, history_csv, history_json, history_text
from stagemail.report.instants import at_text, took_text
from stagemail.report.sheet import cells

RUNNING = replace(
    RUN, id="run-2", stage="production", status="running", finished=None, outcomes=(), apps=0, not_live=()
)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_table_reads_as_in_the_golden_file() -> None:
    text = history_text([RUNNING, RUN])
    assert_golden("history.txt", text)
    assert max(map(cells, text.splitlines())) <= 80


KNOWN = Known(
    {RUN.revision: Origin("c" * 40, "Ada <ada@x.example>", "GitHub <no@x.example>", "2026-11-22T20:00:00Z", "Move",
                          "Bob <bob@x.example>", "2026-11-22T20:59:00Z")},
    {"qa": Site("odc", "QA")},
)  # fmt: skip
DONE = tuple(outcome for outcome in RUN.outcomes if outcome.status == "done")
LIVE = replace(RUN, apps=5, live=5, not_live=(), status="done", outcomes=DONE)


def test_who_committed_and_merged_what_was_written_where_and_since_when_it_is_live() -> None:
    text = history_text([LIVE], KNOWN)
    assert max(map(cells, text.splitlines())) <= 80
    words = " ".join(text.split())
    for said in (
        "written by Ada <ada@x.example>, committed by GitHub <no@x.example> 2026-11-22 20:00 UTC",
        "merged by Bob <bob@x.example> 2026-11-22 20:59 UTC", "wrote qa (server.port) in QA of odc",
        "live since 2026-11-22 21:01 UTC",
    ):  # fmt: skip
        assert said in words
    assert "live since" not in history_text([RUN], KNOWN)
    left = tuple(replace(outcome, status="reported") for outcome in LIVE.outcomes)
    for older in (replace(LIVE, status="held"), replace(LIVE, outcomes=left)):
        assert "live since" not in history_text([older], KNOWN), "what is live is an older revision"
    (run,) = json.loads(history_json([LIVE], KNOWN))["runs"]
    assert (run["origin"]["merger"], run["site"]["environment"]) == ("Bob <bob@x.example>", "QA")
    assert (run["liveSince"], run["origin"]["change"]) == ("2026-11-22T21:01:05Z", "c" * 40)
    row = dict(zip(*rows_of(history_csv([LIVE], KNOWN))[:2], strict=True))
    assert (row["committer"], row["merger"]) == ("GitHub <no@x.example>", "Bob <bob@x.example>")
    assert (row["target"], row["environment"], row["live"]) == ("odc", "QA", "2026-11-22T21:01:05Z")


def test_each_reason_of_a_failure_is_told_once_and_not_all_of_many() -> None:
    (first, *_) = RUN.outcomes
    failed = [replace(first, status="failed", label=f"App {n}", message="HTTP 400") for n in range(3)]
    text = " ".join(history_text([replace(RUN, outcomes=tuple(failed))]).split())
    assert "3 failed" in text and "failed: write App 0 and 2 more: HTTP 400" in text
    others = [replace(one, message=f"HTTP 40{n}") for n, one in enumerate(failed * 3)]
    assert "and 4 more reasons: see --format json" in history_text([replace(RUN, outcomes=tuple(others))])


SUSPENDED = Decision(
    "d1",
    "suspend",
    "",
    "ada@host",
    AT,
    "=CHG-7 the relay moves",
    AT + timedelta(hours=2),
    identity="Ada <ada@x.example>",
)
APPROVED = Decision("d2", "approve", "qa", "bob@host", AT, "CHG-8", None, "p" * 64, "e" * 40, "Bob <bob@x.example>")


def test_decisions_stand_between_the_runs_with_who_until_when_and_why() -> None:
    text = history_text([APPROVED, RUN, SUSPENDED], KNOWN)
    assert max(map(cells, text.splitlines())) <= 80
    words = " ".join(text.split())
    for said in (
        "qa eeeeeeeeeeee approved by Bob <bob@x.example> as bob@host the plan pppppppppppp because CHG-8",
        "all stages", "suspended by Ada <ada@x.example>", "until 2026-11-22 23:00 UTC because =CHG-7 the relay moves",
    ):  # fmt: skip
        assert said in words
    told = json.loads(history_json([APPROVED, RUN, SUSPENDED], KNOWN))
    assert [run["id"] for run in told["runs"]] == ["run-1"]
    assert [(one["kind"], one["stage"], one["until"]) for one in told["decisions"]] == [
        ("approve", "qa", None), ("suspend", "", "2026-11-22T23:00:00Z"),
    ]  # fmt: skip
    head, approved, *_, suspended = rows_of(history_csv([APPROVED, RUN, SUSPENDED], KNOWN))
    row = dict(zip(head, suspended, strict=True))
    assert (row["run"], row["stage"], row["action"], row["outcome"]) == ("", "", "suspend", "suspended")
    assert (row["actor"], row["message"], row["until"]) == (
        "ada@host",
        "'=CHG-7 the relay moves",
        "2026-11-22T23:00:00Z",
    )
    row = dict(zip(head, approved, strict=True))
    assert (row["plan"], row["identity"], row["environment"]) == ("p" * 64, "Bob <bob@x.example>", "QA")


def test_what_git_does_not_know_is_left_out() -> None:
    (run,) = json.loads(history_json([RUN]))["runs"]
    assert (run["origin"], run["site"], run["liveSince"]) == (None, None, None)
    assert "committed by" not in history_text([RUN])


def test_an_empty_history_is_said() -> None:
    assert history_text([]) == "no runs are recorded\n"


def test_json_holds_the_whole_run_with_times_in_utc() -> None:
    (run,) = json.loads(history_json([RUN]))["runs"]
    assert (run["started"], run["notLive"]) == ("2026-11-22T21:00:00Z", ["Billing", "FieldApp"])
    assert run["outcomes"][1]["retry"] is True


def test_csv_has_a_row_per_outcome_and_one_for_a_run_without_any() -> None:
    rows = rows_of(history_csv([RUNNING, RUN]))
    assert rows[0] == list(COLUMNS)
    assert [row[0] for row in rows[1:]] == ["run-2", "run-1", "run-1", "run-1"]
    assert rows[3][7:13] == ["activate", "Billing", "", "failed", "platform is busy", "yes"]


@pytest.mark.parametrize("actor", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_starts_a_formula(actor: str) -> None:
    rows = rows_of(history_csv([replace(RUN, actor=actor)]))
    assert all(row[3].startswith("'") for row in rows[1:])


@given(st.text())
def test_whatever_is_in_a_run_every_row_has_every_column(text: str) -> None:
    outcome = replace(RUN.outcomes[0], label=text, message=text)
    rows = rows_of(history_csv([replace(RUN, actor=text, outcomes=(outcome,))]))
    assert [len(row) for row in rows] == [len(COLUMNS)] * 2
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row)


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    assert at_text(datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31 23:00 UTC"
    assert at_text(None) == "never"


def test_a_report_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        history_json([replace(RUN, started=datetime(2026, 1, 1))])  # noqa: DTZ001 - that is what is refused


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (59, "59s"), (65, "1m05s"), (3_660, "1h01m"), (-5, "0s")])
def test_a_duration_in_words(seconds: int, text: str) -> None:
    assert took_text(AT, AT + timedelta(seconds=seconds)) == text
    assert took_text(datetime.now(UTC), None) == ""


def test_what_was_made_live_twice_in_one_run_is_named_once() -> None:
    once = next(outcome for outcome in LIVE.outcomes if outcome.status == "done")
    twice = replace(LIVE, outcomes=(once, replace(once, step=f"{once.step}:again")))
    assert history_text([twice]).count(once.label) == history_text([replace(LIVE, outcomes=(once,))]).count(once.label)
