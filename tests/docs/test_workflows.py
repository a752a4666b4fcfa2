"""The workflows: small permissions, bounded time, nothing of an event inside a script; validate.yml's own steps run."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs.generate.blocks import ROOT
from tests.docs.session import environment

from stagemail.resources.location import sample_folder

WORKFLOWS = [ROOT / ".github" / "workflows" / f"{name}.yml" for name in ("ci", "validate")]
"""Those that need no credential; the others are tested beside a local ODC in tests/workflows."""
INSTALLS = "Install stagemail"
"""The one step of validate.yml that is not run here: the command is installed already."""


def read(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


def test_there_is_one_for_us_and_three_for_users() -> None:
    found = sorted(path.name for path in (ROOT / ".github" / "workflows").iterdir())
    assert found == ["ci.yml", "pull-request.yml", "reconcile.yml", "validate.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_ends_by_itself(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML 1.1 reads `on` as true
    assert all(job["timeout-minutes"] <= 30 and "permissions" not in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_of_an_event_is_written_into_a_script(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_have_a_major_version_and_keep_no_token(path: Path) -> None:
    used = [step for step in steps(path) if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in used)
    checkouts = [step for step in used if step["uses"].startswith("actions/checkout@")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert "full commit id" in path.read_text(encoding="utf-8")


def test_our_own_runs_the_two_commands_of_the_readme_on_every_python() -> None:
    (job,) = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert [run.split()[:2] for run in runs] == [["make", "test"], ["make", "demo"]]


class Repository:
    """A repository of a user: the sample, and what a pull request puts on top of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.env = environment(folder / "home")
        self.summary = folder / "summary.md"
        shutil.copytree(sample_folder() / "environments", self.folder / "environments")
        shutil.copy(sample_folder() / "stagemail.yaml", self.folder)
        self.git("init", "--quiet", "--initial-branch=main")
        self.base = self.commit("The base")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, subject: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def change(self, path: str, old: str, new: str, subject: str) -> str:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        return self.commit(subject)

    def validate(self, base: str | None = None) -> tuple[list[str], str]:
        """Run the workflow's own steps. Gives the names of those that failed, and everything they printed."""
        env = {
            **self.env,
            "BASE": base or self.base,
            "HEAD": self.git("rev-parse", "HEAD"),
            "TRUSTED": str(self.folder / ".stagemail-trusted"),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        failed: list[str] = []
        told = ""
        for step in steps(ROOT / ".github" / "workflows" / "validate.yml"):
            if "run" not in step or step["name"] == INSTALLS or (failed and step.get("if") != "always()"):
                continue
            command = ["bash", "-e", "-c", step["run"]]
            done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
            told += done.stdout + done.stderr
            failed += [step["name"]] if done.returncode else []
        return failed, told


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Repository]:
    return lambda: Repository(tmp_path)


QA = "environments/qa/email.yaml"
EVERY, TRUST = "Validate every commit", "Refuse a change of trust together with a change of mail"


def test_the_steps_of_validate_are_known() -> None:
    path = ROOT / ".github" / "workflows" / "validate.yml"
    names = [step["name"] for step in steps(path) if "run" in step]
    assert names == [INSTALLS, "Take the operator file from the base", TRUST, EVERY, "Summarize"]
    (job,) = read(path)["jobs"].values()
    assert set(job["env"]) == {"BASE", "HEAD", "TRUSTED"}


def test_a_good_change_passes_and_is_summarized(make: Callable[[], Repository]) -> None:
    repository = make()
    repository.change(QA, "name: Example QA", "name: Example QA team", "Say who writes")
    failed, told = repository.validate()
    assert failed == []
    assert "Say who writes" in told
    assert "Validation" in repository.summary.read_text(encoding="utf-8")


def test_a_broken_commit_fails_on_its_line_although_a_later_one_mends_it(make: Callable[[], Repository]) -> None:
    repository = make()
    repository.change(QA, "port: 587", "port: 99999", "Break the port")
    repository.change(QA, "port: 99999", "port: 587", "Mend the port")
    failed, told = repository.validate()
    assert failed == [EVERY]
    assert re.search(rf"::error file={QA},line=\d+,col=\d+,title=out-of-range::", told)


def test_trust_and_mail_are_not_changed_in_one_pull_request(make: Callable[[], Repository]) -> None:
    repository = make()
    repository.change("stagemail.yaml", "keys: SMTP_QA", 'keys: "SMTP_*"', "Grant more")
    assert repository.validate()[0] == []
    repository.change(QA, "key: SMTP_QA", "key: SMTP_OTHER", "Use it")
    assert repository.validate()[0] == [TRUST]


def test_the_first_operator_file_comes_with_what_was_imported(make: Callable[[], Repository]) -> None:
    repository = make()
    repository.git("rm", "-rq", "stagemail.yaml", "environments")
    (repository.folder / "README.md").write_text("Mail\n", encoding="utf-8")
    base = repository.commit("Nothing yet")
    repository.git("checkout", repository.base, "--", "stagemail.yaml", "environments")
    repository.commit("Import what is there")
    assert repository.validate(base)[0] == []


def test_the_base_decides_which_stages_there_are(make: Callable[[], Repository]) -> None:
    repository = make()
    repository.change("stagemail.yaml", "  qa:\n    target", "  quality:\n    target", "Rename QA in the operator file")
    assert repository.validate()[0] == []


def test_a_change_brings_no_trust_under_the_name_that_the_workflow_uses(make: Callable[[], Repository]) -> None:
    repository = make()
    folder = repository.folder / ".stagemail-trusted"
    folder.mkdir()
    (folder / "odc-mapping.yaml").write_text("nonsense: [\n", encoding="utf-8")
    repository.commit("Bring a mapping of my own")
    assert repository.validate()[0] == []
    assert [path.name for path in folder.iterdir()] == ["stagemail.yaml"]
    shutil.rmtree(folder)
    folder.symlink_to("environments")
    repository.commit("Bring a link")
    assert repository.validate()[0] == []
    assert not (repository.folder / "environments" / "stagemail.yaml").exists()


def test_a_first_push_validates_its_last_commit(make: Callable[[], Repository]) -> None:
    repository = make()
    repository.change(QA, "port: 587", "port: 99999", "Break the port")
    failed, told = repository.validate(base="0" * 40)
    assert failed == [EVERY]
    assert "out-of-range" in told


def test_the_steps_need_no_credential() -> None:
    text = (ROOT / ".github" / "workflows" / "validate.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "pull_request_target" not in text
