"""Runs the jobs of a workflow as GitHub would: a checkout, then the `run:` steps in order, with what a job may see.

Every expression that a step uses has to be told by the test, word for word: one that nobody foresaw is an error.
Not here: what is expected (the tests), the hosting side (``hosting``).
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from docs.generate.blocks import ROOT

INSTALLS = "Install stagemail"
"""The one step that is not run here: the command is installed already."""
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


def workflow(name: str) -> dict[Any, Any]:
    """The file of this name, parsed. YAML 1.1 reads its key `on` as true."""
    found: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))
    return found


@dataclass
class Done:
    """What became of a job: steps that failed, everything printed, the outputs of its steps, its summary."""

    failed: list[str] = field(default_factory=list)
    told: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass
class Runner:
    """A machine that runs one job: ``origin`` is cloned into ``folder``, ``env`` is what the machine itself has."""

    folder: Path
    origin: Path
    env: Mapping[str, str]

    def run(self, job: Mapping[str, Any], told: Mapping[str, str], secrets: Mapping[str, str]) -> Done:
        """All steps of a job. ``told``: the value of each expression; ``secrets``: those of the job's environment."""
        done = Done()
        self.folder.mkdir()
        for name in ("output", "summary", "tmp"):
            (self.folder / name).mkdir() if name == "tmp" else (self.folder / name).touch()

        def value(text: Any) -> str:
            def expression(found: re.Match[str]) -> str:
                known = found[1]
                if known.startswith("secrets."):
                    return secrets.get(known.removeprefix("secrets."), "")
                if known.startswith("steps."):
                    return done.outputs.get(known.removeprefix("steps."), "")
                return told[known]

            return _EXPRESSION.sub(expression, str(text))

        machine = {
            **self.env,
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_REPOSITORY": "example/mail",
            "RUNNER_TEMP": str(self.folder / "tmp"),
        }
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                self._checkout(told)
            if "run" not in step or step["name"] == INSTALLS or not _wanted(step, told, failed=bool(done.failed)):
                continue
            env = {key: value(text) for key, text in {**job.get("env", {}), **step.get("env", {})}.items()}
            self._step(step, {**machine, **env}, done)
        done.summary = (self.folder / "summary").read_text(encoding="utf-8")
        return done

    def _step(self, step: Mapping[str, Any], env: Mapping[str, str], done: Done) -> None:
        (self.folder / "output").write_text("", encoding="utf-8")
        ran = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=self.folder / "checkout", env=dict(env), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        done.told += f"== {step['name']}\n{ran.stdout}{ran.stderr}"
        done.failed += [step["name"]] if ran.returncode else []
        for line in (self.folder / "output").read_text(encoding="utf-8").splitlines():
            name, _, text = line.partition("=")
            done.outputs[f"{step['id']}.outputs.{name}"] = text

    def _checkout(self, told: Mapping[str, str]) -> None:
        git = ["git", "-c", "core.hooksPath=/dev/null"]  # what GitHub's own checkout does is not on trial here
        clone = [*git, "clone", "--quiet", f"file://{self.origin}", str(self.folder / "checkout")]
        subprocess.run(clone, env=dict(self.env), check=True, timeout=120)
        commit = [*git, "checkout", "--quiet", "-B", "main", told["checked out"]]
        subprocess.run(commit, cwd=self.folder / "checkout", env=dict(self.env), check=True, timeout=120)


def _wanted(step: Mapping[str, Any], told: Mapping[str, str], *, failed: bool) -> bool:
    condition = step.get("if")
    if condition == "always()":
        return True
    return not failed and (condition is None or told[condition] == "true")
