"""An operator file that nobody judged yet is judged beside the loading of the verb, which says the same either way."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
NAMED = "-c user.name=A -c user.email=a@example.com"
OPERATOR = (REPOSITORY / "stagemail.yaml").read_text(encoding="utf-8")
PROGRAM = """
import os, sys
os.cpu_count = lambda: int(sys.argv[1])
from stagemail.cli import ahead
with ahead.begun(sys.argv[2:]) as judged:
    print(judged is not None)
    if judged:
        judged()
print(sorted(os.listdir(os.environ["XDG_CACHE_HOME"] + "/stagemail")))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "environments" / "qa").mkdir(parents=True)
    (folder / "stagemail.yaml").write_text(OPERATOR, encoding="utf-8")
    return folder


def ran(checkout: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(checkout.parent / "cache"), "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_it_is_judged_by_another_process_once(checkout: Path) -> None:
    first = ran(checkout, "-W", "error", "-c", PROGRAM, "2", "plan", "qa")
    assert first.stderr == ""
    assert first.stdout.startswith("True\n['operator-")
    assert ran(checkout, "-c", PROGRAM, "2", "plan", "qa").stdout.startswith("False\n['operator-")


@pytest.mark.parametrize("line", [[], ["status"], ["--debug", "plan"]])
def test_nothing_is_begun_for_others(line: list[str], checkout: Path) -> None:
    (checkout.parent / "cache" / "stagemail").mkdir(parents=True, mode=0o700)
    assert ran(checkout, "-c", PROGRAM, "2", *line).stdout == "False\n[]\n"


def test_with_one_processor_the_verb_judges(checkout: Path) -> None:
    assert ran(checkout, "-c", PROGRAM, "1", "plan").stdout == "True\n[]\n"


@pytest.mark.parametrize("line", ["plan --against HEAD", "plan --against HEAD~1", "validate"])
@pytest.mark.parametrize(
    ("text", "code"),
    [(OPERATOR, 0), (OPERATOR.replace("purpose:", "propose:"), 1), ("kind: [", 1), (f"{OPERATOR}# elsewhere", 0)],
)
def test_the_verb_says_the_same(text: str, code: int, line: str, checkout: Path) -> None:
    shutil.copytree(REPOSITORY / "environments", checkout / "environments", dirs_exist_ok=True)
    (checkout / "stagemail.yaml").write_text(text, encoding="utf-8")
    for command in ("init --quiet", "add .", f"{NAMED} commit --quiet -m A", f"{NAMED} commit --allow-empty -qm B"):
        subprocess.run(["git", *command.split()], cwd=checkout, check=True, timeout=60)
    said = []
    for processors in (1, 2):
        program = f"import os; os.cpu_count = lambda: {processors}; from stagemail.cli.main import main; main()"
        done = ran(checkout, "-W", "error", "-c", program, *line.split())
        said.append((done.returncode, done.stdout, done.stderr))
        shutil.rmtree(checkout.parent / "cache")
    assert said[0] == said[1]
    assert said[0][0] == code, said
