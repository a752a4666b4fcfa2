"""Another process may help to read many files: what is read is the same, and nothing is left of it."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, threading, time
from pathlib import Path
from stagemail.wiring.beside import answering, beside

os.cpu_count = lambda: 2
at = Path(sys.argv[1])
before = os.getpid()
"""


def ran(program: str, folder: Path) -> str:
    """What a process of one thread prints; pytest's own may have more."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM + program, str(folder)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout


def test_the_work_is_done_by_another_process_and_changes_nothing_here(tmp_path: Path) -> None:
    program = """
seen = []
with beside(lambda: (seen.append(1), (at / "pid").write_text(str(os.getpid())))) as wait:
    wait()
    print((at / "pid").read_text() != str(before), seen)
"""
    assert ran(program, tmp_path) == "True []\n"


@pytest.mark.parametrize("failing", ["1 / 0", "os.kill(os.getpid(), 9)", "sys.exit(3)"])
def test_work_that_fails_is_not_done_and_says_nothing(failing: str, tmp_path: Path) -> None:
    program = f"""
def work(): {failing}
with beside(work) as wait:
    wait()
    wait()
print("went on")
"""
    assert ran(program, tmp_path) == "went on\n"


def test_what_is_not_over_with_the_context_is_ended(tmp_path: Path) -> None:
    program = """
def work():
    time.sleep(50)
    (at / "late").touch()
start = time.monotonic()
with beside(work):
    pass
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nobody is left")
"""
    assert ran(program, tmp_path) == "nobody is left\n"
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize(
    "alone", ["os.cpu_count = lambda: 1", "threading.Thread(target=lambda: time.sleep(5), daemon=True).start()"]
)
def test_with_one_processor_or_more_threads_nobody_helps(alone: str, tmp_path: Path) -> None:
    program = f"""
{alone}
with beside(lambda: (at / "pid").touch()) as wait:
    wait()
print((at / "pid").exists())
"""
    assert ran(program, tmp_path) == "False\n"


def test_another_process_answers(tmp_path: Path) -> None:
    program = """
with answering(lambda: [os.getpid(), {"a": ["\\u00e9" * 100_000, None]}]) as answer:
    found = answer()
    print(found[0] != before, found[1] == {"a": ["\\u00e9" * 100_000, None]})
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nobody is left")
"""
    assert ran(program, tmp_path) == "True True\nnobody is left\n"


@pytest.mark.parametrize("failing", ["1 / 0", "os.kill(os.getpid(), 9)", "return object()"])
def test_there_is_no_answer_where_it_fails(failing: str, tmp_path: Path) -> None:
    program = f"""
def work(): {failing}
with answering(work) as answer:
    print(answer())
"""
    assert ran(program, tmp_path) == "None\n"


def test_with_one_processor_it_is_answered_here_and_only_when_asked(tmp_path: Path) -> None:
    program = """
os.cpu_count = lambda: 1
asked = []
with answering(lambda: asked.append(os.getpid()) or "x") as answer:
    print(asked)
    print(answer(), asked == [before])
"""
    assert ran(program, tmp_path) == "[]\nx True\n"
