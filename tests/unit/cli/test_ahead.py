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
import glob, os, sqlite3, sys
os.cpu_count = lambda: int(sys.argv[1])
from stagemail.cli import ahead
with ahead.begun(sys.argv[2:]) as begun:
    print(begun is not None)
    if begun:
        begun.told()
        kept = os.listdir(os.environ["XDG_CACHE_HOME"] + "/stagemail")
        print(any(name.startswith("operator-") for name in kept))
        begun.ended()
at = glob.glob(os.environ["XDG_CACHE_HOME"] + "/stagemail/documents-*.sqlite")
print(sqlite3.connect(at[0]).execute("SELECT count(*) FROM documents").fetchone()[0] if at else 0)
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


def test_it_is_judged_by_another_process_once_which_then_parses_a_part(checkout: Path) -> None:
    for number in range(120):
        (checkout / "environments" / "qa" / f"{number:03}.yaml").write_text(f"a: {number}\n", encoding="utf-8")
    first = ran(checkout, "-W", "error", "-c", PROGRAM, "2", "plan", "qa")
    assert (first.stdout, first.stderr) == ("True\nTrue\n66\n", "")
    assert ran(checkout, "-c", PROGRAM, "2", "plan", "qa").stdout == "False\n66\n"


@pytest.mark.parametrize("line", ["", "status", "--debug plan", "plan --root .", "validate --revision=HEAD", "plan -h"])
def test_nothing_is_begun_for_others(line: str, checkout: Path) -> None:
    (checkout.parent / "cache" / "stagemail").mkdir(parents=True, mode=0o700)
    assert ran(checkout, "-c", PROGRAM, "2", *line.split()).stdout == "False\n0\n"


def test_with_one_processor_the_verb_does_all(checkout: Path) -> None:
    assert ran(checkout, "-c", PROGRAM, "1", "plan").stdout == "True\nFalse\n0\n"


@pytest.mark.parametrize("line", ["plan --against HEAD~1", "validate", "plan"])
@pytest.mark.parametrize(
    "text",
    [OPERATOR, OPERATOR.replace("purpose:", "propose:"), "kind: [", OPERATOR.replace("path: environments", "path: e")],
)
def test_the_verb_says_the_same(text: str, line: str, checkout: Path) -> None:
    shutil.copytree(REPOSITORY / "environments", checkout / "environments", dirs_exist_ok=True)
    (checkout / "stagemail.yaml").write_text(text, encoding="utf-8")
    for number in range(130):  # so many that they are shared out
        wrong = "\nspec: {}" if number in (5, 120) else ""
        (checkout / "environments" / "qa" / f"app-{number:03}.yaml").write_text(
            f"apiVersion: stagemail/v1\nkind: AppBinding\nmetadata: {{name: app-{number}}}\n"
            f"spec:\n  apps: [App{number}]{wrong}\n",
            encoding="utf-8",
        )
    for command in ("init --quiet", "add .", f"{NAMED} commit --quiet -m A", f"{NAMED} commit --allow-empty -qm B"):
        subprocess.run(["git", *command.split()], cwd=checkout, check=True, timeout=60)
    said = []
    for processors in (1, 2):
        program = f"import os; os.cpu_count = lambda: {processors}; from stagemail.cli.main import main; main()"
        done = ran(checkout, "-W", "error", "-c", program, *line.split())
        said.append((done.returncode, done.stdout, done.stderr))
        shutil.rmtree(checkout.parent / "cache")
    assert said[0] == said[1]
    assert said[0][2] or "app-005.yaml" in said[0][1]
