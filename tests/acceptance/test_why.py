"""What an admin types at two in the morning, when mail has stopped."""

import json
import re
from pathlib import Path

import pytest
from tests.acceptance.bench import Bench

REVERT = "git revert --no-edit "
LAST_SET = re.compile(r" +last set +(?P<day>[0-9-]+) [0-9:]+ UTC (?P<what>.+)")


def test_a_bad_commit_is_named_with_the_commands_that_bring_mail_back(applied: Bench) -> None:
    applied.change("environments/qa/email.yaml", "host: smtp.example.com", "host: smtp.example.org")
    said = applied.run("status", "qa", "--why", expect=4)
    said.shows("last change", "Ada Admin", "Change environments/qa/email.yaml", "may not send the secret")
    assert max(map(len, said.out.splitlines())) <= 80
    (revert,) = [line.strip() for line in said.out.splitlines() if REVERT in line]
    applied.git(*revert.split()[1:])
    applied.run("status", "qa", "--why").shows("qa Ready, live on 5 of 5 apps")
    applied.run("plan", "qa", "--detailed-exitcode")


def test_what_somebody_clicked_is_told_with_both_sides(applied: Bench) -> None:
    applied.platform.set("QA", "port", "26")
    applied.platform.set("QA", "senderName", "Oops", pending=True)
    applied.platform.set("QA", "settings/ApiUrl", "https://x.example", "Billing", pending=True)
    said = applied.run("status", "qa", "--why", expect=4)
    said.shows("changed outside Git: qa server.port", "26 there, 587 in Git")
    told = [found for line in said.out.splitlines() if (found := LAST_SET.fullmatch(line))]
    assert {found["what"] for found in told} >= {"qa server.port", "qa sender.name"}, said.out
    (day,) = {found["day"] for found in told if found["what"] == "qa server.port"}
    applied.run("drift", "qa", expect=None).shows("platform has 26", f"since {day}")
    said.shows("pending: sender.name: runs Example QA, set is Oops", "pending, not ours: Billing: settings: ApiUrl")


def test_what_runs_out_is_told_with_the_days_that_are_left(applied: Bench) -> None:
    old = "clientSecret: {secretRef: {store: env, key: ODC_CLIENT_SECRET}}"
    applied.change("stagemail.yaml", old, old.replace("}}", ", expires: 2020-01-01}}"))
    applied.change("environments/qa/email.yaml", "key: SMTP_QA}", "key: SMTP_QA, expires: 2099-01-01}")
    said = applied.run("status", "qa", "--why", expect=None)
    said.shows("2020-01-01", "days ago", "clientSecret of target odc", "2099-01-01", "secret env:SMTP_QA")


def test_a_platform_that_refuses_us_leaves_git_and_record_to_be_told(applied: Bench) -> None:
    applied.environment["STAGEMAIL_ODC_CLIENT_SECRET"] = "expired"
    said = applied.run("status", "qa", "--why", expect=1)
    said.shows("the platform was not read", "cannot authenticate", "last change", "written by us")
    data = json.loads(applied.run("status", "qa", "--why", "--format", "json", expect=1).out)
    assert [failure["error"] for failure in data["stages"][0]["failures"]] == ["NotPermitted"]


def test_a_shallow_clone_names_nobody_who_may_not_have_done_it(applied: Bench, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    applied.git("commit", "--allow-empty", "--quiet", "--message", "Touch no document")
    applied.git("clone", "--quiet", "--depth=1", f"file://{applied.repository}", str(clone))
    said = applied.run("status", "qa", "--why", expect=None, cwd=clone)
    said.shows("no commit is known here", "--unshallow").hides("last change", "Touch no document")
    applied.run("explain", "qa", "CRM", cwd=clone).hides("last changed", "Touch no document")
    applied.run("explain", "qa", "CRM").shows("last changed")


def test_looking_writes_nothing(applied: Bench) -> None:
    applied.platform.set("QA", "port", "26")
    before = applied.mark()
    applied.run("status", "--why", expect=None)
    assert applied.mark() == before


EMAIL = "environments/qa/email.yaml"
PORT, HOST = (EMAIL, "port: 587", "port: 2587"), (EMAIL, "host: smtp.example.com", "host: smtp.example.org")
SECRET = ("STAGEMAIL_SMTP_QA", "STAGEMAIL_ODC_CLIENT_SECRET")


@pytest.mark.parametrize(
    ("changes", "unset", "code"),
    [
        ((), "", 0),
        ((PORT,), "", 3),
        ((HOST,), "", 4),
        ((HOST,), SECRET[0], 4),
        ((HOST, (EMAIL, "key: SMTP_QA", "key: SMTP_PROD")), "", 1),
        ((PORT,), SECRET[0], 1),
        ((), SECRET[0], 1),
        ((), SECRET[1], 1),
        (((EMAIL, "port: 587", "port: 0"),), "", 1),
    ],
    ids=["ready", "changes", "refused and held", "unread and held", "another that is not granted", "unread",
         "unread alone", "no login", "wrong document"],
)  # fmt: skip
def test_it_exits_as_the_plain_status_does(
    applied: Bench, changes: tuple[tuple[str, str, str], ...], unset: str, code: int
) -> None:
    for change in changes:
        applied.change(*change)
    if unset:
        applied.unset(unset)
    applied.run("status", "qa", expect=code)
    applied.run("status", "qa", "--why", expect=code)


def test_why_looks_once(applied: Bench) -> None:
    applied.run("status", "qa", "--why", "--wait", "5", expect=2).shows("--why looks once")


def test_outside_the_checkout_it_says_how_to_name_it(applied: Bench, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    operator = ("--config", str(applied.repository / "stagemail.yaml"), "status", "qa", "--why")
    applied.run(*operator, expect=1, cwd=tmp_path / "elsewhere").shows(
        "there is no YAML file in", "name it with --root"
    )
    named = (*operator, "--root", str(applied.repository))
    applied.run(*named, cwd=tmp_path / "elsewhere").shows("qa Ready", "last change")


def test_on_a_machine_without_a_checkout_the_mirror_tells_what_changed(applied: Bench, tmp_path: Path) -> None:
    applied.change(EMAIL, "name: Example QA", "name: Example QA team")
    machine = tmp_path / "machine"
    machine.mkdir()
    applied.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    branch = applied.git("rev-parse", "--abbrev-ref", "HEAD").strip()
    source = f"source: {{url: 'file://{applied.repository}', branch: {branch}, path: environments}}"
    operator = applied.read("stagemail.yaml").replace("source: {path: environments}", source)
    (machine / "stagemail.yaml").write_text(operator, encoding="utf-8")
    (machine / "odc-mapping.yaml").write_text(applied.read("odc-mapping.yaml"), encoding="utf-8")
    said = applied.run("status", "qa", "--why", expect=None, cwd=machine)
    said.shows("last change", "Ada Admin", f"Change {EMAIL}", REVERT).hides("no commit is known")
