"""The other files to copy: the GitLab template's own scripts run, the pre-commit hook's command, code owners."""

import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

import yaml
from docs.generate.blocks import ROOT
from tests.workflows.conftest import SECRETS, VIEWER, Hosted

QA = "environments/qa/email.yaml"
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "examples" / "gitlab-ci.yml").read_text(encoding="utf-8"))


def script(hosted: Hosted, job: str, **told: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a GitLab job in the person's clone; what it extends is looked up."""
    found: Mapping[str, Any] = GITLAB[job]
    lines = found.get("script") or GITLAB[found["extends"]]["script"]
    told = {"CI_DEFAULT_BRANCH": "main", **told}
    env = {**hosted.env, **SECRETS[told.get("CI_ENVIRONMENT_NAME", "")], **told}
    command = ["bash", "-eo", "pipefail", "-c", "\n".join(lines)]
    return subprocess.run(command, cwd=hosted.work, env=env, capture_output=True, text=True, check=False, timeout=300)


def test_gitlabs_merge_request_is_validated_and_its_trust_is_the_targets(hosted: Hosted) -> None:
    assert "variables" in GITLAB["validate"] and "environment" not in GITLAB["validate"]
    hosted.change("stagemail.yaml", "  qa:\n    target", "  quality:\n    target")
    good = hosted.commit("Rename QA in the operator file")
    done = script(hosted, "validate", BASE=hosted.main, CI_COMMIT_SHA=good)
    assert done.returncode == 0, done.stdout + done.stderr
    hosted.change(QA, "port: 587", "port: 99999")
    both = hosted.commit("Break the port")
    assert "two merge requests" in script(hosted, "validate", BASE=hosted.main, CI_COMMIT_SHA=both).stdout
    hosted.git("checkout", "--quiet", "-B", "other", hosted.main)
    hosted.change(QA, "port: 587", "port: 99999")
    bad = hosted.commit("Break the port")
    done = script(hosted, "validate", BASE=hosted.main, CI_COMMIT_SHA=bad)
    assert done.returncode == 1 and f"{QA}:" in done.stdout + done.stderr
    report = json.loads((hosted.work / GITLAB["validate"]["artifacts"]["reports"]["codequality"]).read_text("utf-8"))
    assert [(entry["check_name"], entry["location"]["path"]) for entry in report] == [("out-of-range", QA)]


def test_gitlabs_first_merge_request_brings_the_operator_file_with_what_was_imported(hosted: Hosted) -> None:
    hosted.git("rm", "-rq", ".")
    (hosted.work / "README.md").write_text("Mail\n", encoding="utf-8")
    base = hosted.commit("Nothing yet")
    hosted.git("checkout", hosted.main, "--", ".")
    done = script(hosted, "validate", BASE=base, CI_COMMIT_SHA=hosted.commit("Import what is there"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_gitlabs_jobs_plan_and_apply_a_stage(hosted: Hosted) -> None:
    look = {"CI_ENVIRONMENT_NAME": "stagemail-view", "STAGEMAIL_VIEW_CLIENT_ID": VIEWER}
    done = script(hosted, "plan", **look)
    assert done.returncode == 0 and "smtp.example.com" in done.stdout, done.stdout + done.stderr
    hosted.git("checkout", "--quiet", "--", "stagemail.yaml")  # each job has a checkout of its own
    done = script(hosted, "apply-qa", CI_ENVIRONMENT_NAME=GITLAB["apply-qa"]["environment"])
    assert done.returncode == 0 and "live on 5 of 5 apps" in done.stdout, done.stdout + done.stderr


def test_a_button_of_gitlab_that_is_pressed_late_brings_no_old_commit_back(hosted: Hosted) -> None:
    old = hosted.main
    hosted.change(QA, "port: 587", "port: 2587")
    hosted.commit("Move the port")
    hosted.merge()
    hosted.git("checkout", "--quiet", "--detach", old)
    done = script(hosted, "apply-qa", CI_ENVIRONMENT_NAME="qa")
    assert done.returncode == 1 and "the newest pipeline does the work" in done.stdout, done.stdout + done.stderr
    assert hosted.ledger() == 0


def test_gitlabs_schedules_look_for_drift_or_reconcile_everything() -> None:
    scheduled = '$CI_PIPELINE_SOURCE == "schedule" && $STAGEMAIL_EVERYTHING '
    assert f'{scheduled}== "true"' in str(GITLAB[".protected"]["rules"])
    assert f'{scheduled}!= "true"' in str(GITLAB["drift"]["rules"])
    assert '&& $STAGEMAIL_NOTES != "true"' in str(GITLAB["drift"]["rules"])


def test_gitlabs_secrets_are_met_only_on_the_protected_branch() -> None:
    jobs = {name: job for name, job in GITLAB.items() if isinstance(job, dict) and "stage" in job}
    assert GITLAB[".apply"]["resource_group"] == "stagemail"
    rules = {
        name: str(job.get("rules") or GITLAB.get(job.get("extends"), {}).get("rules")) for name, job in jobs.items()
    }
    assert all(("$CI_DEFAULT_BRANCH" in text) != (name == "validate") for name, text in rules.items())


def test_the_hook_of_pre_commit_validates_what_is_about_to_be_committed(hosted: Hosted) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    assert re.search(hook["files"], QA) and not re.search(hook["files"], "docs/page.md")
    hosted.change(QA, "port: 587", "port: 99999")
    command = shlex.split(hook["entry"])
    done = subprocess.run(command, cwd=hosted.work, env=hosted.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"{QA}:" in done.stdout


def test_every_stage_and_everything_of_trust_has_owners() -> None:
    text = (ROOT / ".github" / "CODEOWNERS.sample").read_text(encoding="utf-8")
    owned = {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}
    folders = {f"/environments/{path.name}/" for path in (ROOT / "environments").iterdir()}
    assert owned == {"*", *folders, "/stagemail.yaml", "/odc-mapping.yaml", "/.github/"}
