"""GitLab's template beside the real ``gitlab`` command: a merge request's plan as one note, the issue about drift."""

from collections.abc import Iterator

import pytest
from tests.workflows.conftest import VIEWER, Hosted
from tests.workflows.gitlab_host import OTHER, TOKEN, GitLab, serving
from tests.workflows.test_samples import GITLAB, QA, script

LOOK = {"CI_ENVIRONMENT_NAME": "stagemail-view", "STAGEMAIL_VIEW_CLIENT_ID": VIEWER}


@pytest.fixture
def gitlab(hosted: Hosted) -> Iterator[GitLab]:
    with serving() as (host, url):
        hosted.env |= {
            "CI_SERVER_URL": url,
            "CI_PROJECT_ID": "7",
            "CI_JOB_TOKEN": "token-of-the-job",
            "STAGEMAIL_API_TOKEN": TOKEN,
        }
        yield host


def propose(hosted: Hosted, gitlab: GitLab, old: str, new: str, project: int = 7) -> str:
    """Open or update merge request 1; the person's clone is then what a job's checkout is: the protected branch."""
    hosted.change(QA, old, new)
    head = hosted.commit("Move the port")
    hosted.git("push", "--quiet", "--force", "origin", "HEAD:refs/merge-requests/1/head")
    gitlab.requests = [{"id": 1, "iid": 1, "state": "opened", "sha": head, "source_project_id": project}]
    hosted.git("checkout", "--quiet", "--detach", hosted.main)
    return head


def run(hosted: Hosted, job: str) -> int:
    done = script(hosted, job, **LOOK)
    hosted.git("checkout", "--quiet", "--", "stagemail.yaml")  # each job has a checkout of its own
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def test_a_merge_request_has_its_plan_as_one_note(hosted: Hosted, gitlab: GitLab) -> None:
    gitlab.notes = [{"id": 0, "author": OTHER, "body": "<!-- stagemail-plan forged -->\nnothing to see"}]
    first = propose(hosted, gitlab, "port: 587", "port: 2587")
    assert run(hosted, "note") == 0
    assert len(gitlab.notes) == 2
    assert gitlab.notes[1]["body"].startswith(
        f"<!-- stagemail-plan {first} on {hosted.main} -->\nMerging this would do"
    )
    assert "2587" in gitlab.notes[1]["body"]
    assert run(hosted, "note") == 0 and gitlab.calls == ["POST /merge_requests/1/notes"]  # nothing new
    propose(hosted, gitlab, "port: 587", "port: 2588")
    assert run(hosted, "note") == 0
    assert gitlab.calls[1:] == ["PUT /merge_requests/1/notes/1"] and "2588" in gitlab.notes[1]["body"]
    assert gitlab.notes[0]["author"] == OTHER and hosted.ledger() == 0


def test_a_forks_merge_request_is_not_planned_with_a_credential(hosted: Hosted, gitlab: GitLab) -> None:
    propose(hosted, gitlab, "port: 587", "port: 2587", project=8)
    assert run(hosted, "note") == 0 and gitlab.notes == []


def test_a_commit_that_is_not_there_fails_the_job_and_no_other(hosted: Hosted, gitlab: GitLab) -> None:
    propose(hosted, gitlab, "port: 587", "port: 2587")
    gitlab.requests.insert(0, {**gitlab.requests[0], "sha": "0" * 40})
    assert run(hosted, "note") == 1 and len(gitlab.notes) == 1


def test_one_issue_is_open_while_drift_lasts(hosted: Hosted, gitlab: GitLab) -> None:
    done = script(hosted, "apply-qa", CI_ENVIRONMENT_NAME=GITLAB["apply-qa"]["environment"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(hosted, "drift") == 0 and gitlab.issues == []
    hosted.platform.set("QA", "port", "26")
    assert run(hosted, "drift") == 3 and run(hosted, "drift") == 3
    assert [(issue["title"], issue["labels"], issue["state"]) for issue in gitlab.issues] == [
        ("Drift outside Git", ["stagemail-drift"], "opened")
    ]
    assert "    " in gitlab.issues[0]["description"] and "26" in gitlab.issues[0]["description"]
    hosted.platform.set("QA", "port", "587")
    assert run(hosted, "drift") == 0 and gitlab.issues[0]["state"] == "closed"


def test_drift_is_told_also_where_another_stage_cannot_be_looked_at(hosted: Hosted, gitlab: GitLab) -> None:
    done = script(hosted, "apply-qa", CI_ENVIRONMENT_NAME=GITLAB["apply-qa"]["environment"])
    assert done.returncode == 0, done.stdout + done.stderr
    hosted.platform.set("QA", "port", "26")
    hosted.change("stagemail.yaml", "environment: Production", "environment: Gone")
    hosted.commit("Name a stage that is not there")
    assert run(hosted, "drift") == 5
    (issue,) = gitlab.issues
    assert "on: qa." in issue["description"] and "server.port" in issue["description"]


def test_a_look_that_failed_closes_no_issue(hosted: Hosted, gitlab: GitLab) -> None:
    gitlab.issues = [
        {"id": 0, "iid": 0, "state": "opened", "title": "Drift outside Git", "labels": ["stagemail-drift"]}
    ]
    done = script(hosted, "drift", **{**LOOK, "STAGEMAIL_ODC_CLIENT_SECRET": "wrong"})
    assert done.returncode == 1 and gitlab.issues[0]["state"] == "opened"
