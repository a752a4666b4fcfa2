"""reconcile.yml: a merge is applied stage by stage, drift keeps one issue open, a stage can be chosen by hand."""

from tests.workflows.conftest import SECRETS, Hosted
from tests.workflows.runner import Runner, workflow

QA = "environments/qa/email.yaml"
STAGES = ["development", "qa", "production"]
LOOK_FAILS = "Fail where a stage could not be looked at"


def test_from_the_merge_over_drift_to_the_manual_dispatch(hosted: Hosted) -> None:
    merged(hosted)
    widened(hosted)
    lasting(hosted)
    look, jobs = hosted.event("workflow_dispatch", stage="qa")
    assert list(jobs) == ["qa"] and jobs["qa"].failed == [], jobs
    assert "nothing was to be done" in jobs["qa"].told
    assert "drift" not in look.told
    assert all(secret not in str(hosted.hub) for held in SECRETS.values() for secret in held.values())


def merged(hosted: Hosted) -> None:
    """A push: every stage in its order, each with its own secret."""
    look, jobs = hosted.event("push")
    assert (look.failed, list(jobs)) == ([], STAGES), look.told
    assert {name: job.failed for name, job in jobs.items()} == {name: [] for name in STAGES}, jobs
    assert "live on 5 of 5 apps" in jobs["qa"].summary
    assert hosted.platform.secret_equals("QA", "password", "qa-password", "CRM")
    assert hosted.platform.secret_equals("Production", "password", "production-password", "Portal")
    assert "refs/heads/stagemail-record" in hosted.git("ls-remote", "origin")


def widened(hosted: Hosted) -> None:
    """Drift opens an issue; what the stage's sync allows is healed, and that stage only is run."""
    hosted.platform.set("QA", "port", "26")
    hosted.platform.set("QA", "testListActive", "false", app="CRM")
    look, jobs = hosted.event("schedule", hourly=True)
    assert (look.failed, list(jobs), jobs["qa"].failed) == ([], ["qa"], []), look.told
    (issue,) = hosted.hub["issues"]
    assert issue["open"] and "on: qa." in issue["body"]
    assert all(text in issue["body"] for text in ("server.port", "mail reaches real users now"))
    assert hosted.platform.live("QA", "CRM")["testListActive"] == "True"
    assert hosted.platform.live("QA", "CRM")["port"] == "26", "sync heals recipients only"


def lasting(hosted: Hosted) -> None:
    """The same issue follows drift that lasts, stays open while nobody can say, and is closed after."""
    hosted.event("schedule", hourly=True)
    (issue,) = hosted.hub["issues"]
    assert issue["open"] and issue["edits"] == 1
    assert "server.port" in issue["body"] and "mail reaches" not in issue["body"]

    hosted.platform.set("QA", "port", "587")
    rename = ("environment: Production", "environment: Gone")
    for old, new, failed in ((*rename, [LOOK_FAILS]), (*reversed(rename), [])):
        hosted.change("stagemail.yaml", old, new)
        hosted.commit(f"Say {new}")
        hosted.merge()
        look, jobs = hosted.event("schedule", hourly=True)
        assert (look.failed, jobs) == (failed, {}), look.told
        (issue,) = hosted.hub["issues"]
        assert issue["open"] is bool(failed)


def test_drift_of_many_apps_fits_into_an_issue(hosted: Hosted) -> None:
    steps = workflow("reconcile")["jobs"]["look"]["steps"]
    keep = next(step for step in steps if step.get("name", "").startswith("Keep one issue"))
    line = "x" * 80
    write = {"name": "Look", "run": f"for n in $(seq 2000); do echo {line}; done > $RUNNER_TEMP/drift.txt"}
    told = {
        "checked out": hosted.main,
        "github.event_name == 'schedule'": "true",
        "github.token": "token-of-the-job",
        "github.repository": "example/mail",
    }
    write["run"] += '; echo drifted=qa >> "$GITHUB_OUTPUT"'
    runner = Runner(hosted.folder / "machine", hosted.origin, hosted.env)
    done = runner.run({"steps": [steps[0], {**write, "id": "drift"}, keep]}, told, {})
    assert done.failed == [], done.told
    (issue,) = hosted.hub["issues"]
    assert len(issue["body"]) < 65_536
    assert "1500 more lines are in the log" in issue["body"]


def test_a_run_that_was_approved_late_does_not_bring_an_old_commit_back(hosted: Hosted) -> None:
    old = hosted.main
    hosted.change(QA, "port: 587", "port: 2587")
    hosted.commit("Move the port")
    hosted.merge()
    hosted.main = old
    _, jobs = hosted.event("workflow_dispatch", stage="qa")
    assert jobs["qa"].failed == ["Refuse what is no longer the newest"]
    assert hosted.ledger() == 0


def test_a_stage_does_not_see_the_secrets_of_another(hosted: Hosted) -> None:
    hosted.change(
        "stagemail.yaml", "{stages: [qa], store: env, keys: SMTP_QA", '{stages: [qa], store: env, keys: "SMTP_*"'
    )
    hosted.change(QA, "key: SMTP_QA", "key: SMTP_PRODUCTION")
    hosted.commit("Use production's secret in QA")
    hosted.merge()
    _, jobs = hosted.event("workflow_dispatch", stage="qa")
    assert jobs["qa"].failed == ["Apply"]
    assert not hosted.platform.secret_equals("QA", "password", "production-password", "CRM")
