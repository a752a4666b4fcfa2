"""A full disk below a record that is no SQLite file: the clone of a record on a branch, the data of PostgreSQL.

Not here: below SQLite, Git's mirror and the cache (``test_disk``).
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench
from tests.acceptance.test_controller import EMAIL
from tests.acceptance.test_record_on_a_branch import in_ci, next_job
from tests.faults.disk import Disk, mounted
from tests.postgresql import PostgreSql, require

PORTS = ("587", "2587")


def test_a_full_disk_below_a_record_on_a_branch_is_told_and_nothing_unrecorded_is_sent(
    make_bench: MakeBench, disk: Disk
) -> None:
    bench = make_bench()
    in_ci(bench)
    next_job(bench)
    bench.run("apply", "qa")
    shutil.copytree(bench.repository, disk.path / "repository", symlinks=True)
    bench.repository = disk.path / "repository"
    bench.change(EMAIL, "port: 587", "port: 2587")
    before = bench.mark()
    disk.fill()
    said = bench.run("apply", "qa", expect=1)
    assert any(words in said.text for words in ("No space left", "is full")), said
    assert bench.ledger(before) == []
    disk.free()
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    assert bench.writes(before)["PATCH", "QA"] == 1
    bench.run("plan", "qa", "--detailed-exitcode")


@pytest.fixture
def on_small_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PostgreSql, Disk]]:
    """A server whose data, log and journal lie on a disk of their own."""
    require()
    folder = Path(tempfile.mkdtemp(prefix="stagemail-disk-"))
    folder.chmod(0o755)  # pytest's own folders are private, and the server is another user
    with mounted(folder / "server", "160m", mode="755") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
        server = PostgreSql({"max_wal_size": "32MB", "min_wal_size": "32MB", "full_page_writes": "on"})
        monkeypatch.undo()
        yield server, disk
        disk.free()
        server.close()
    shutil.rmtree(folder)


def test_a_full_disk_below_postgresql_is_told_and_nothing_unrecorded_is_sent(
    on_small_disk: tuple[PostgreSql, Disk], applied: Bench
) -> None:
    server, disk = on_small_disk
    applied.environment["STAGEMAIL_STATE"] = server.url(server.create())
    applied.run("apply", "qa")
    before, sent = applied.mark(), 0
    disk.fill()
    for number in range(60):
        applied.change(EMAIL, f"port: {PORTS[number % 2]}", f"port: {PORTS[1 - number % 2]}")
        said = applied.run("apply", "qa", expect=None)
        sent += 1
        if said.code:
            break
    assert said.code in (1, 5), "the disk was full, and it went on"
    said.shows("the disk that holds", "is full", "free space there, then run again")
    disk.free()
    applied.run("apply", "qa").shows("live on 5 of 5 apps")
    assert applied.writes(before)["PATCH", "QA"] == sent, "each change once, and each in the record"
    applied.run("history", "--verify").shows("none altered")
    applied.run("plan", "qa", "--detailed-exitcode")
