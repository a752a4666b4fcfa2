"""The result of a run as a person reads it."""

from dataclasses import replace

from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import RUN, SETTINGS, STAGE

from stagemail.model.run import Outcome
from stagemail.report.runs import live_text, run_text

WRITTEN = Outcome(SETTINGS.id, STAGE, "qa", "write", "done")


def test_a_run_reads_as_in_the_golden_file() -> None:
    assert_golden("run.txt", run_text([RUN]))


def test_the_last_line_says_on_how_many_apps_it_is_live_and_names_the_others() -> None:
    run = replace(RUN, status="partial", outcomes=(WRITTEN,), live=58, apps=60, not_live=("X", "Y"))
    last = run_text([run]).splitlines()[-1]
    assert last == "qa: read back equal, live on 58 of 60 apps, not live: X, Y"


def test_a_write_that_failed_is_never_called_read_back_equal() -> None:
    for status in ("failed", "unknown"):
        run = replace(RUN, outcomes=(WRITTEN, replace(WRITTEN, status=status)))
        assert "read back equal" not in live_text(run)


def test_what_is_worth_trying_again_is_named() -> None:
    assert "worth trying again: make live Billing" in run_text([RUN])


def test_a_run_without_steps_says_so() -> None:
    assert "nothing was to be done" in run_text([replace(RUN, outcomes=(), status="done")])
