"""What the workflows may do, read from the files: permissions, environments, secrets, what is checked out."""

import re
from typing import Any

import pytest
from docs.generate.blocks import ROOT
from tests.workflows.runner import workflow

OURS = ("pull-request", "reconcile")
FORK = "github.event.pull_request.head.repo.full_name != github.repository"
SAME = "github.event.pull_request.head.repo.full_name == github.repository"


def jobs() -> dict[str, dict[str, Any]]:
    return {name: job for file in OURS for name, job in workflow(file)["jobs"].items()}


def test_each_job_has_only_the_permissions_that_it_needs() -> None:
    assert all(workflow(file)["permissions"] == {"contents": "read"} for file in OURS)
    assert {name: job.get("permissions") for name, job in jobs().items()} == {
        "validate-fork": None,
        "plan": {"contents": "read", "pull-requests": "write"},
        "look": {"contents": "read", "issues": "write"},
        "reconcile": {"contents": "write"},
    }
    assert all(job["timeout-minutes"] <= 60 for job in jobs().values())


def test_secrets_are_only_in_jobs_with_an_environment_that_guards_them() -> None:
    assert {name: job.get("environment") for name, job in jobs().items()} == {
        "validate-fork": None,
        "plan": "stagemail-view",
        "look": "stagemail-view",
        "reconcile": "${{ matrix.stage }}",
    }
    assert not re.search(r"secrets|token", str(jobs()["validate-fork"]))
    view = {name for job in ("plan", "look") for name in re.findall(r"secrets\.(\w+)", str(jobs()[job]))}
    assert {name.removeprefix("STAGEMAIL_") for name in view} == {"ODC_CLIENT_SECRET", "RECORD_KEY"}


def test_a_pull_request_never_decides_which_workflow_or_tree_runs() -> None:
    assert workflow("pull-request")[True] == {"pull_request_target": {"branches": ["main"]}}
    assert set(workflow("reconcile")[True]) == {"push", "schedule", "workflow_dispatch"}
    checkouts = [step for job in jobs().values() for step in job["steps"] if "checkout@" in step.get("uses", "")]
    assert len(checkouts) == 4
    assert all(step["with"]["fetch-depth"] == 0 and "ref" not in step["with"] for step in checkouts)
    assert jobs()["validate-fork"]["steps"][0]["with"]["persist-credentials"] is False
    runs = [step["run"] for job in ("validate-fork", "plan") for step in jobs()[job]["steps"] if "run" in step]
    assert not any(re.search(r"git (checkout|switch|merge(?!-base)|restore|worktree|pull|reset)", run) for run in runs)


def test_forks_and_own_pull_requests_are_told_apart_everywhere() -> None:
    assert jobs()["validate-fork"]["if"] == FORK
    assert jobs()["plan"]["if"] == f"vars.STAGEMAIL_LIVE == 'true' && {SAME}"
    (validate,) = workflow("validate")["jobs"].values()
    assert validate["if"] == f"github.event_name != 'pull_request' || {SAME}"


def test_only_the_protected_branch_is_reconciled_and_a_stage_never_twice_at_once() -> None:
    assert jobs()["look"]["if"] == "vars.STAGEMAIL_LIVE == 'true' && github.ref == 'refs/heads/main'"
    reconcile = jobs()["reconcile"]
    assert reconcile["needs"] == "look"
    assert reconcile["concurrency"]["cancel-in-progress"] is False
    assert "vars.STAGEMAIL_ORGANIZATION" in reconcile["concurrency"]["group"]
    assert (reconcile["strategy"]["max-parallel"], reconcile["strategy"]["fail-fast"]) == (1, False)


@pytest.mark.parametrize("file", OURS)
def test_nothing_of_an_event_is_written_into_a_script(file: str) -> None:
    steps = [step for job in workflow(file)["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)
    assert "full commit id" in (ROOT / ".github" / "workflows" / f"{file}.yml").read_text(encoding="utf-8")


def test_the_stages_are_the_same_at_each_place_that_names_them() -> None:
    listed = workflow("reconcile")[True]["workflow_dispatch"]["inputs"]["stage"]["options"]
    assert listed == ["all", *jobs()["look"]["env"]["STAGES"].split()]
    assert {schedule["cron"] for schedule in workflow("reconcile")[True]["schedule"]} == {"17 * * * *", "43 2 * * *"}
    assert "== '17 * * * *'" in str(jobs()["look"])
