"""A disk that is full: it says so, sends nothing that it could not write down, and goes on when there is room again.

On a small tmpfs, which only root may mount; where that is not allowed, these tests are skipped.
"""

import os

from tests.acceptance.bench import PATIENCE, Bench
from tests.acceptance.test_controller import APPS, EMAIL, controller, port, push, remote
from tests.faults.disk import Disk


def record_on(bench: Bench, disk: Disk) -> None:
    """The bench's record lies on the small disk, with all that is in it."""
    for file in bench.repository.glob("stagemail.db*"):
        (disk.path / file.name).write_bytes(file.read_bytes())
        (disk.path / file.name).chmod(0o600)
        file.unlink()
    bench.change("stagemail.yaml", "sqlite:///stagemail.db", f"sqlite:///{disk.path}/stagemail.db")


def finished(bench: Bench, before: int) -> None:
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    writes = bench.writes(before)
    assert writes["PATCH", "QA"] == 1, writes
    assert max(writes.values()) == 1, writes
    bench.run("history", "--verify").shows("none altered")
    bench.run("plan", "qa", "--detailed-exitcode")


def test_nothing_is_sent_that_cannot_be_written_down(applied: Bench, disk: Disk) -> None:
    record_on(applied, disk)
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    disk.fill()
    said = applied.run("apply", "qa", expect=1).shows("full", "free space", "stagemail.db")
    assert "nothing of this was recorded" in said.text
    assert applied.ledger(before) == []
    disk.free()
    finished(applied, before)


def test_a_disk_that_fills_while_a_write_is_on_its_way_loses_nothing(applied: Bench, disk: Disk) -> None:
    record_on(applied, disk)
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    applied.platform.fault("delay", method="PATCH", path="/api/", seconds=3.0)
    process = applied.start("apply", "qa")
    applied.until(lambda: bool(applied.platform.faults()[0]["hits"]), "the PATCH")
    disk.fill()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (1, 5), (out, err)
    assert "is full" in " ".join((out + err).split()), (out, err)
    assert "Traceback" not in err
    disk.free()
    finished(applied, before)


def test_a_controller_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(applied: Bench, disk: Disk) -> None:
    record_on(applied, disk)
    remote(applied)
    before = applied.mark()
    with controller(applied) as process:
        assert process.stdout is not None
        assert "following" in process.stdout.readline()
        disk.fill()
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        assert any("is full" in line for line in iter(process.stdout.readline, "")), "it is said in the log"
        assert applied.ledger(before) == []
        disk.free()
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "it is live when there is room")
    assert applied.writes(before)["PATCH", "QA"] == 1


def test_a_full_disk_below_the_copy_of_git_holds_what_is_new_and_says_so(applied: Bench, disk: Disk) -> None:
    remote(applied)
    applied.environment["XDG_CACHE_HOME"] = str(disk.path)
    before = applied.mark()
    with controller(applied) as process:
        assert process.stdout is not None
        assert "following" in process.stdout.readline()
        applied.until((disk.path / "stagemail" / "mirrors").is_dir, "the mirror")
        disk.fill()
        applied.write("environments/noise.bin", os.urandom(60_000).hex(), commit=False)
        applied.change(EMAIL, "port: 587", "port: 2587")
        push(applied)
        said = next(line for line in iter(process.stdout.readline, "") if "source" in line and ":" in line[20:])
        assert "No space left" in said or "full" in said, said
        assert applied.ledger(before) == []
        disk.free()
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "it is live when there is room")
    assert applied.writes(before)["PATCH", "QA"] == 1


def test_a_cache_that_cannot_be_written_is_done_without(applied: Bench, disk: Disk) -> None:
    applied.environment["XDG_CACHE_HOME"] = str(disk.path)
    disk.fill()
    applied.change(EMAIL, "port: 587", "port: 2587")
    before = applied.mark()
    finished(applied, before)
