"""What people decide, from the command line and without a server: suspend, resume, approve; and the journal's proof."""

import os
import sqlite3
from contextlib import closing

from tests.acceptance.bench import Bench

EMAIL = "environments/qa/email.yaml"
ADA = {"GIT_AUTHOR_NAME": "Ada Admin", "GIT_AUTHOR_EMAIL": "ada@example.com"}
BOB = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "bob@example.com"}


def alone(bench: Bench, **more: str) -> None:
    """QA waits for no other stage, and has what the test wants besides."""
    extra = "".join(f"    {name}: {value}\n" for name, value in more.items())
    bench.change("stagemail.yaml", "    dependsOn: [development]\n", extra)


def test_automation_rests_while_a_stage_is_suspended_and_goes_on_when_it_is_resumed(applied: Bench) -> None:
    alone(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("suspend", "qa", "--for", "2h", "--reason", "CHG-1 mail server moves").shows("qa: suspended until 20")
    before = applied.mark()
    applied.run("apply", "qa", "--automatic", expect=4).shows("suspended by", "CHG-1", "stagemail resume qa")
    assert applied.mark() == before
    applied.run("status", "qa", expect=None).shows("Suspended", "CHG-1")
    applied.run("resume", "production", expect=1).shows("production: not suspended")
    applied.run("resume", "qa").shows("qa: resumed")
    applied.run("apply", "qa", "--automatic").shows("read back equal")
    told = applied.run("history", "qa").shows("qa suspended by", "until 20", "because CHG-1 mail server moves").text
    assert told.index("resumed by") < told.index("suspended by"), "newest first"
    applied.run("history", "development").hides("CHG-1")
    applied.run("suspend", expect=2).shows("name stages, or write --all")
    applied.run("suspend", "qa", "--for", "soon", expect=2).shows("no duration", "10m")
    applied.run("suspend", "qa", "--for", "0s", expect=2).shows("over at once", "leave --for out")


def test_who_resumes_is_told_what_still_lets_the_stage_rest(applied: Bench) -> None:
    applied.run("suspend", "qa", "--reason", "CHG-1")
    applied.run("resume", "--all", expect=1).shows("all stages: not suspended", "`stagemail resume qa` ends that of qa")
    applied.run("suspend", "--all", "--reason", "CHG-2")
    applied.run("resume", "production", expect=1).shows("production: not suspended", "resume --all` ends that of all")
    applied.run("resume", "qa").shows("qa: resumed", "suspended all the same: `stagemail resume --all`").hides(
        "next look"
    )
    applied.run("suspend", "qa", "--reason", "CHG-3")
    applied.run("resume", "--all").shows("all stages: resumed", "suspended all the same: `stagemail resume qa` ends")
    applied.run("resume", "qa").shows("qa: resumed; the next look").hides("all the same")
    applied.run("resume", "qa", expect=1).shows("qa: not suspended", "there is nothing to do")


def test_a_reason_that_everybody_would_be_shown_is_judged_before_anything_is_kept(applied: Bench) -> None:
    secret = "the password: hunter2-new"
    for command in (("suspend", "qa"), ("resume", "qa"), ("approve", "qa")):
        applied.run(*command, "--reason", secret, expect=2).shows("looks like a credential").hides("hunter2")
        applied.run(*command, "--reason", "x" * 501, expect=2).shows("501 characters, more than 500")
        applied.run(*command, "--reason", "a\nb", expect=2).shows("one line of plain text")
    applied.run("history").hides("suspended", "hunter2")


def test_another_person_than_the_author_approves_and_exactly_this_plan(applied: Bench) -> None:
    alone(applied, approval="manual")
    applied.run("apply", "qa", "--automatic").shows("nothing was to be done")
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("apply", "qa", "--automatic", expect=4).shows("waits for `stagemail approve qa`")
    applied.environment.update(ADA)
    applied.run("approve", "qa", expect=1).shows("another person than its author approves")
    applied.environment.update(BOB)
    applied.run("approve", "qa", "--plan", "000000", expect=2).shows("look at it, then approve")
    applied.run("approve", "qa", "--reason", "CHG-2").shows("approved by Bob <bob@example.com>", "2587")
    applied.run("history", "qa", "--limit", "1").shows("approved by Bob <bob@example.com>", "the plan", "because CHG-2")
    applied.run("apply", "qa", "--automatic").shows("read back equal")
    applied.run("approve", "qa", expect=1).shows("nothing in its plan needs an approval")


def test_an_author_cannot_approve_behind_a_colleagues_later_commit(applied: Bench) -> None:
    alone(applied, approval="manual")
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.change(EMAIL, "spec:", "# a word of Bob's\nspec:", commit=False)
    applied.git("commit", "--all", "--quiet", "--author", "Bob <bob@example.com>", "--message", "Say more")
    applied.run("apply", "qa", "--automatic", expect=4).shows("waits for `stagemail approve qa`")
    applied.environment.update(ADA | {"GIT_AUTHOR_EMAIL": "ADA@Example.com"})
    applied.run("approve", "qa", expect=1).shows("another person than its author approves")
    applied.environment.update(BOB)
    applied.run("approve", "qa", expect=1).shows("another person than its author approves")
    applied.environment.update({"GIT_AUTHOR_NAME": "Carol", "GIT_AUTHOR_EMAIL": "carol@example.com"})
    applied.run("approve", "qa").shows("approved by Carol <carol@example.com>")


def test_drift_that_is_left_alone_and_a_window_that_is_shut_void_no_approval(applied: Bench) -> None:
    never = '{sync: [{days: [mon], begin: "00:00", end: "00:01", zone: UTC}]}'
    alone(applied, approval="manual", windows=never)
    applied.platform.set("QA", "port", "26")
    applied.change(EMAIL, "Example QA", "QA of Example")
    applied.run("apply", "qa", "--automatic", expect=4).shows("outside the stage's window")
    applied.environment.update(BOB)
    applied.run("approve", "qa").shows(
        "approved by Bob", "Next: a controller that may apply it does so at its next look"
    )
    applied.change("stagemail.yaml", f"    windows: {never}\n", "")
    applied.run("apply", "qa", "--automatic", expect=None).hides("waits for `stagemail approve")
    assert applied.platform.live("QA", "CRM")["senderName"] == "QA of Example"


def test_nobody_approves_whom_git_does_not_know(applied: Bench) -> None:
    alone(applied, approval="manual")
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.environment.update({"HOME": str(applied.folder), "GIT_CONFIG_GLOBAL": os.devnull})
    applied.environment["GIT_CONFIG_SYSTEM"] = os.devnull
    applied.run("approve", "qa", expect=1).shows("Git does not know who you are", "user.email")
    applied.run("suspend", "qa").shows("qa: suspended")


def test_a_stop_in_the_operator_file_holds_a_person_too(applied: Bench) -> None:
    applied.change("stagemail.yaml", "state: ", "stop: {reason: the mail provider is down}\nstate: ")
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    applied.run("plan", "qa", expect=4).shows("waits", "everything is stopped: the mail provider is down")
    applied.run("apply", "qa", expect=4).shows("everything is stopped")
    assert applied.mark() == before


def test_the_journal_proves_that_nobody_changed_it(applied: Bench) -> None:
    applied.run("history", "--verify").shows("none altered, removed or moved")
    with closing(sqlite3.connect(applied.repository / "stagemail.db")) as database, database:
        database.execute("UPDATE events SET stage = 'production' WHERE seq = 5")
    applied.run("history", "--verify", expect=1).shows("event 5", "was altered or moved")
