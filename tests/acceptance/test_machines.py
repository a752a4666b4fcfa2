"""What machines read: every command's JSON is one valid document with its version, also where the command failed."""

import json

import pytest
from tests.acceptance.bench import Bench

COMMANDS = (
    ("validate",), ("plan",), ("plan", "qa", "--automatic"), ("apply",), ("status",), ("status", "--record-only"),
    ("drift",), ("explain", "qa"), ("explain", "qa", "CRM"), ("history",), ("secrets", "check"), ("doctor",),
    ("target", "discover"),
)  # fmt: skip


def told(bench: Bench, *arguments: str, expect: int | None = None) -> dict[str, object]:
    """The document on the output, whatever the exit code."""
    said = bench.run(*arguments, "--format", "json", expect=expect)
    found = json.loads(said.out)
    assert found["version"] == 1, found
    assert found["kind"], found
    return dict(found)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_tells_json_in_every_state(applied: Bench, command: tuple[str, ...]) -> None:
    kind = told(applied, *command)["kind"]
    applied.platform.set("QA", "port", "26")
    assert told(applied, *command)["kind"] == kind
    applied.platform.portal("change-client", client="stagemail-ci", state="suspended")
    assert told(applied, *command)["kind"] in (kind, "failure")
    applied.write("environments/qa/email.yaml", "spec: [")
    assert told(applied, *command)["kind"] in (kind, "failure")
    applied.write("stagemail.yaml", "kind: Operator\n")
    assert told(applied, *command, expect=1)["kind"] in ("failure", kind)


def test_json_says_what_is_worth_trying_again(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    applied.platform.fault("status", method="GET", path="/api/", status=503, times=0)
    assert told(applied, "apply", "qa", expect=1)["retryable"][0]["stage"] == "qa"
    applied.platform.clear_faults()
    applied.platform.portal("change-client", client="stagemail-ci", state="suspended")
    assert told(applied, "apply", "qa", expect=1)["retryable"] == []


def test_usage_is_told_in_words_and_as_json(bench: Bench) -> None:
    bench.change("environments/qa/email.yaml", "port: 587", "port: 2587", commit=False)
    assert told(bench, "apply", "qa", expect=2)["kind"] == "failure"


@pytest.mark.parametrize("form", ["github", "sarif", "markdown", "json", "text"])
def test_problems_name_file_line_and_column_in_every_form(bench: Bench, form: str) -> None:
    bench.change("environments/qa/email.yaml", "port: 587", "prot: 587")
    said = bench.run("validate", "--format", form, expect=1)
    said.shows("environments/qa/email.yaml", "prot", "port")
    if form == "sarif":
        assert json.loads(said.out)["version"] == "2.1.0"


def test_history_is_a_table_for_spreadsheets(applied: Bench) -> None:
    lines = applied.run("history", "--format", "csv").out.splitlines()
    assert lines[0].startswith("run,") or "stage" in lines[0]
    assert len(lines) > 1


def test_history_tells_who_committed_and_where_it_was_written(applied: Bench) -> None:
    (run,) = told(applied, "history", "qa")["runs"]
    assert run["origin"]["committer"].endswith("@example.com>")
    assert (run["site"]["environment"], run["liveSince"] is not None) == ("QA", True)


def test_nothing_is_coloured_or_drawn_where_no_terminal_is(applied: Bench) -> None:
    for command in COMMANDS:
        said = applied.run(*command, expect=None)
        said.hides("\x1b", "\r")
        too_wide = [line for line in (said.out + said.err).splitlines() if len(line) > 80 and " " in line.strip()]
        assert too_wide == [], (command, too_wide)


def test_help_of_every_command_has_an_example(bench: Bench) -> None:
    for command in (*COMMANDS, ("init",), ("schema",), ("demo",), ("completion",), ("secrets",), ("target",)):
        bench.run(*command[:2] if command[0] in ("secrets", "target") else command[:1], "--help").shows("Example:")
