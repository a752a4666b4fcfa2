"""What was played is kept and not played again; who plays leaves no process behind, however it ends."""

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.failpoints.cases import Case, Outcome
from tests.failpoints.kept import Kept, opened
from tests.failpoints.parts import Asked, kills, matrix
from tests.failpoints.world import PATIENCE, ROOT, Ears, Launcher
from tests.faults.marked import modules

FIRST, SECOND = Case("apply", "before here", "kill"), Case("apply", "after here", "stop", rotate=True)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return opened(tmp_path / "kept" / "played.jsonl", "a state of the code")


def asked(kept: Kept, until: float = math.inf) -> Asked:
    """One worker, who would need a world for whatever is left."""
    return Asked("sqlite", 1, 7, until, ("apply",), kept=kept)


def test_what_converged_is_not_played_again_and_counts(kept: Kept) -> None:
    for case in (FIRST, SECOND):
        kept.add("cases of apply over sqlite", **asdict(case))
        kept.add("matrix over sqlite", **asdict(Outcome(case, reached=True, restarts=1)))
    (row,) = matrix(asked(kept))
    assert (row.cases, row.played, row.well, row.is_bad) == (2, 2, 2, False)
    for again in (0, 1):
        kept.add("kills of apply over sqlite", kills=8, again=again)
    row = kills(asked(kept), "apply", 16)
    assert (row.cases, row.played, row.well, row.is_bad) == (16, 16, 16, False)
    assert "2 changes" in row.note and "1 calls sent again" in row.note


def test_what_is_left_when_the_time_is_over_is_told(kept: Kept) -> None:
    for case in (FIRST, SECOND):
        kept.add("cases of apply over sqlite", **asdict(case))
    kept.add("matrix over sqlite", **asdict(Outcome(SECOND, reached=True)))
    kept.add("kills of apply over sqlite", kills=8, again=0)
    (row,) = matrix(asked(kept, until=0.0))
    assert (row.cases, row.played, row.well, row.is_bad) == (2, 1, 1, True)
    row = kills(asked(kept, until=0.0), "apply", 16)
    assert (row.cases, row.played, row.is_bad) == (16, 8, True)


def test_nothing_counts_that_was_played_with_other_code(kept: Kept) -> None:
    assert kept.file is not None
    kept.add("marked", test="a test")
    assert opened(kept.file, "a state of the code").of("marked") == [{"test": "a test"}]
    assert opened(kept.file, "another state of the code").of("marked") == []
    kept.add("marked", test="a test")
    assert opened(kept.file, "another state of the code", anew=True).of("marked") == []


def test_half_a_line_of_a_process_that_was_killed_is_no_case(kept: Kept) -> None:
    assert kept.file is not None
    kept.add("marked", test="a test")
    with kept.file.open("a", encoding="utf-8") as file:
        file.write('\n{"part": "mar')
    assert opened(kept.file, "a state of the code").of("marked") == [{"test": "a test"}]
    kept.add("marked", test="another")
    assert [line["test"] for line in kept.of("marked")] == ["a test", "another"]


def test_the_long_form_knows_every_module_with_a_test_that_is_marked() -> None:
    names = {Path(module).name for module in modules()}
    assert {"test_soak.py", "test_clock.py", "test_leaders.py"} <= names


def are_gone(*pids: int) -> Callable[[], bool]:
    return lambda: not any(is_running(pid) for pid in pids)


def is_running(pid: int) -> bool:
    """Neither gone nor a zombie that its new parent has not looked after yet."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def ended(*pids: int) -> None:
    """Leave none behind where this test failed."""
    for pid in filter(is_running, pids):
        os.kill(pid, signal.SIGKILL)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_half_a_message_of_a_process_that_was_killed_is_not_heard() -> None:
    ears = Ears()
    try:
        for body in (b"", b'{"state":'):
            with socket.create_connection(("127.0.0.1", ears.port), timeout=PATIENCE) as line:
                line.sendall(b"POST /half HTTP/1.1\r\ncontent-length: 20\r\n\r\n" + body)
                line.shutdown(socket.SHUT_WR)
                assert line.recv(1) == b"", "no answer"
        with socket.create_connection(("127.0.0.1", ears.port), timeout=PATIENCE) as line:
            line.sendall(b"POST /whole HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
            assert line.recv(1) == b"H"
        assert ears.heard == [{"path": "/whole", "body": {}}]
    finally:
        ears.close()


DRIVER = """
import os, signal
from tests.failpoints.side_by_side import by_all

def work(number):
    try:
        os.write(1, f"{os.getpid()}\\n".encode())
        signal.pause()
    finally:
        os.write(1, b"tidied up\\n")

by_all(work, 2)
"""


@pytest.fixture
def driver() -> Iterator["subprocess.Popen[str]"]:
    """A process that has two work, as ``make faults`` does."""
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'controller'}"},
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends the children of who is killed")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_those_who_work_tidy_up_and_end_with_who_began_them(
    driver: "subprocess.Popen[str]", by: signal.Signals
) -> None:
    assert driver.stdout is not None
    pids = [int(driver.stdout.readline()) for _ in range(2)]
    driver.send_signal(by)
    try:
        until(are_gone(*pids))
        assert driver.wait(PATIENCE) != 0
        assert driver.stdout.read() == "tidied up\n" * 2
    finally:
        ended(*pids)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends the children of who is killed")
def test_a_command_ends_with_the_process_that_forked_it(tmp_path: Path) -> None:
    launcher = Launcher()
    try:
        pipe = tmp_path / "never-read"
        os.mkfifo(pipe)
        environment = {"PATH": os.environ["PATH"]}
        pid = launcher.ask(
            do="start", arguments=["--version"], cwd=str(tmp_path), environment=environment,
            plan=None, out=str(pipe), err=str(tmp_path / "err"),
        )  # fmt: skip
        assert launcher.ask(do="wait", pid=pid, seconds=0.2) is None, "it waits for a reader"
        launcher.kill()
        until(are_gone(pid))
    finally:
        ended(pid)
        launcher.close()
