"""`status` as an admin asks: how far a stage is behind Git, waiting for it, and on a machine without a checkout."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.bench import GIT, Bench
from tests.acceptance.test_controller import EMAIL, controller, push, remote

NARROW = """    mode: test-list
    testList:
      - {name: QA team, address: qa@example.com}
"""


def test_commits_that_were_not_applied_are_told_with_number_and_newest(applied: Bench) -> None:
    applied.run("status", "qa").shows("qa Ready").hides("behind")
    applied.write("README.md", "Ours.\n")
    applied.run("status", "qa").shows("qa Ready").hides("behind")
    applied.run("status", "qa", "--record-only").shows("qa Ready", "from the record").hides("behind")
    applied.change(EMAIL, "port: 587", "port: 2587")
    first = applied.git("rev-parse", "HEAD")[:12]
    said = applied.run("status", "qa", expect=3)
    said.shows(f"behind: 1 commit is not applied yet, {first} Change {EMAIL} by Ada Admin")
    applied.change(EMAIL, "Example QA", "QA of Example")
    second = applied.git("rev-parse", "HEAD")[:12]
    applied.run("status", "qa", expect=3).shows(f"behind: 2 commits are not applied yet, newest {second}")
    applied.run("status", "qa", "--record-only", expect=3).shows("2 commits are not applied yet", "NotApplied")
    assert f'"id":"{second}' in applied.run("status", "qa", "--format", "json", expect=3).out.replace(" ", "")
    applied.run("apply", "qa")
    applied.run("status", "qa").hides("behind")


def test_status_waits_until_the_controller_is_through(applied: Bench) -> None:
    remote(applied)
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    applied.run("status", "qa", expect=3)
    with controller(applied):
        applied.run("status", "qa", "--wait", "5000").shows("qa Ready")


def test_status_stops_waiting_when_the_time_is_over(applied: Bench) -> None:
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("status", "qa", "--wait", "12", expect=3).shows("ChangesToMake")


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        (NARROW, "    mode: set-in-app\n", 4, "HeldByGuard"),
        ("port: 587", "port: 0", 1, "InvalidDocuments"),
    ],
)
def test_status_does_not_wait_for_what_only_a_person_can_change(
    applied: Bench, old: str, new: str, code: int, told: str
) -> None:
    applied.change(EMAIL, old, new)
    applied.run("status", "qa", "--wait", "100000", expect=code).shows(told)


def test_a_stage_that_waits_for_time_alone_is_not_stalled(applied: Bench) -> None:
    remote(applied)
    never = '{sync: [{days: [mon], begin: "00:00", end: "00:01", zone: UTC}]}'
    for gate in (f"windows: {never}", "dependsOn: [development]\n    soak: 1h"):
        text = applied.read("stagemail.yaml").replace("    dependsOn: [development]\n", "")
        text = text.replace(f"    windows: {never}\n", "")
        applied.write("stagemail.yaml", text.replace("environment: QA\n", f"environment: QA\n    {gate}\n"))
        applied.write(EMAIL, applied.read(EMAIL).replace("port: 587", "port: 2587"))
        push(applied)
        applied.run("apply", "qa", "--automatic", expect=4)
        for look in ((), ("--record-only",)):
            said = applied.run("status", "qa", *look, expect=None)
            assert said.code in (3, 4)
            said.shows("qa Reconciling").hides("Stalled", "HeldByGuard", "by a guard")
        applied.run("status", "qa", "--wait", "20", expect=None).hides("Stalled")


def test_a_branch_that_may_not_be_followed_is_told_of_a_stage_that_is_as_it_was(applied: Bench) -> None:
    folder = remote(applied)
    with controller(applied) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("to look at: " in line for line in lines)
        subprocess.run([*GIT, "--git-dir", str(folder), "update-ref", "refs/heads/main", "main~1"], check=True)
        assert any("Stalled True (HistoryRolledBack)" in line and " qa at " in line for line in lines)
    for look in ((), ("--record-only",)):
        applied.run("status", "qa", *look, expect=4).shows("qa Stalled", "HistoryRolledBack", "since: ")
    applied.run("apply", "qa")
    applied.run("status", "qa").shows("qa Ready")


def test_a_suspension_is_told_of_a_stage_that_is_ready_too(applied: Bench) -> None:
    applied.run("suspend", "--all", "--for", "2h", "--reason", "CHG-3")
    for look in ((), ("--record-only",)):
        applied.run("status", "qa", *look).shows("qa Ready", "automation: suspended by", "CHG-3", "resume --all")
    assert "CHG-3" in applied.run("status", "qa", "--format", "json").out
    applied.run("resume", "--all")
    applied.run("status", "qa").hides("automation", "CHG-3")
    applied.change("stagemail.yaml", "state: ", "stop: {reason: the provider is down}\nstate: ")
    applied.run("status", "qa").shows("automation: everything is stopped: the provider is down")


def test_what_a_stop_holds_is_stopped_and_not_stalled_for_want_of_a_waiver(applied: Bench) -> None:
    applied.change("stagemail.yaml", "state: ", "stop: {reason: the provider is down}\nstate: ")
    applied.change(EMAIL, "port: 587", "port: 2587")
    ran = applied.run("status", "qa", expect=4)
    ran.shows("qa Not ready", "Ready False: Stopped: everything is stopped: the provider is down", "held: qa: ")
    ran.hides("Stalled", "HeldByGuard", "waiver")


def machine(bench: Bench) -> Path:
    """The controller's own machine: the operator file and the mapping, and no checkout."""
    folder = bench.folder / "etc"
    folder.mkdir()
    for name in ("stagemail.yaml", "odc-mapping.yaml"):
        shutil.copy(bench.repository / name, folder / name)
    for path in bench.repository.glob("stagemail.db*"):
        shutil.copy(path, folder / path.name)
    return folder


def test_without_a_checkout_every_verb_reads_the_branch_that_the_controller_follows(applied: Bench) -> None:
    remote(applied)
    etc = machine(applied)
    applied.run("status", "qa", cwd=etc).shows("qa Ready")
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("status", "qa", cwd=etc).shows("qa Ready")
    push(applied)
    applied.run("status", "qa", cwd=etc, expect=3).shows("1 commit is not applied yet")
    applied.run("status", "qa", "--why", cwd=etc, expect=3).shows("is at")
    applied.run("plan", "qa", cwd=etc).shows("587 → 2587")
    applied.run("secrets", "check", "qa", cwd=etc)
    tip = applied.git("rev-parse", "HEAD")[:12]
    applied.run("doctor", "qa", cwd=etc).shows(
        f"repository at {tip}", "documents qa 3 bindings", "secret qa env:SMTP_QA"
    )
    applied.run("apply", "qa", cwd=etc).shows("live on 5 of 5 apps")
    applied.run("status", "qa", cwd=etc).shows("qa Ready").hides("behind")
    applied.run("explain", "qa", "CRM", cwd=etc, expect=2).shows("another repository")


def test_an_author_cannot_approve_on_a_machine_without_a_checkout_either(applied: Bench) -> None:
    remote(applied)
    text = applied.read("stagemail.yaml").replace("environment: QA", "environment: QA\n    approval: manual")
    applied.write("stagemail.yaml", text)
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    etc = machine(applied)
    applied.environment |= {"GIT_CONFIG_COUNT": "0", "HOME": str(applied.folder / "home")}
    (applied.folder / "home").mkdir()
    config = applied.folder / "home" / ".gitconfig"
    config.write_text("[user]\nname = Ada Admin\nemail = ada@example.com\n")
    applied.run("approve", "qa", cwd=etc, expect=1).shows("another person than its author approves")
    config.write_text("[user]\nname = Bob\nemail = bob@example.com\n")
    applied.run("approve", "qa", cwd=etc).shows("approved by Bob")


def test_a_stage_of_another_source_is_read_from_there(applied: Bench) -> None:
    shop = applied.folder / "shop"
    shutil.copytree(applied.repository / "environments" / "production", shop / "docs" / "production")
    for arguments in (["init", "--quiet", "--initial-branch", "main"], ["add", "--all"], ["commit", "-qm", "Shop"]):
        subprocess.run([*GIT, *arguments], cwd=shop, check=True)
    applied.git("rm", "-rq", "environments/production")
    text = applied.read("stagemail.yaml").replace("  production:\n", "  production:\n    source: shop\n", 1)
    text = text.replace("state: ", f"sources: {{shop: {{url: 'file://{shop}', branch: main, path: docs}}}}\nstate: ")
    applied.write("stagemail.yaml", text)
    applied.environment["XDG_CACHE_HOME"] = str(applied.folder / "cache")
    applied.run("validate").shows("stages: development, qa")
    applied.run("plan", "production").shows("Production of target odc")
    away = shop.rename(shop.with_name("away"))
    applied.run("status", expect=5).shows("qa Ready", "production: fetching")
    away.rename(shop)
    subprocess.run([*GIT, "clone", "--quiet", f"file://{shop}", str(applied.folder / "mine")], check=True)
    config = str(applied.repository / "stagemail.yaml")
    applied.run("--config", config, "validate", cwd=applied.folder / "mine").shows("stages: production")
    applied.run("--config", config, "plan", "qa", cwd=applied.folder / "mine", expect=1)
