"""A record with damaged pages: it stops loudly, says what to do, and nothing wrong is written.

Every page in turn is filled with noise. Not here: rows that somebody altered (``tests/unit/record/test_chain.py``).
"""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import APPS, EMAIL, controller, port, push, remote

WORDS = ("damaged", "cannot be used", "altered", "cannot be trusted", "unreadable", "move it")


@pytest.fixture
def kept(applied: Bench) -> Iterator[tuple[Bench, Path, int]]:
    """A bench with a change to make, its record, and how many pages that has; the journal is merged into it."""
    record = applied.repository / "stagemail.db"
    with closing(sqlite3.connect(record)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    applied.change(EMAIL, "port: 587", "port: 2587")
    shutil.copy(record, applied.folder / "good.db")
    yield applied, record, pages


def damage(record: Path, page: int, noise: random.Random) -> None:
    with record.open("r+b") as file:
        file.seek(page * 4096)
        file.write(noise.randbytes(4096))


def restored(bench: Bench, record: Path) -> None:
    for more in ("-wal", "-shm"):
        record.with_name(record.name + more).unlink(missing_ok=True)
    shutil.copy(bench.folder / "good.db", record)


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.faults)])
def test_a_page_of_noise_stops_it_loudly_before_anything_is_written(kept: tuple[Bench, Path, int], step: int) -> None:
    bench, record, pages = kept
    noise = random.Random(1)
    before = bench.mark()
    for page in range(0, pages, step):
        damage(record, page, noise)
        said = bench.run("apply", "qa", expect=1)
        assert any(word in said.text for word in WORDS), f"page {page}: {said.text}"
        assert bench.ledger(before) == [], f"page {page}: it wrote with a damaged record"
        restored(bench, record)
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    assert bench.writes(before)["PATCH", "QA"] == 1


def test_what_the_message_says_leads_out_of_it(kept: tuple[Bench, Path, int]) -> None:
    bench, record, _ = kept
    damage(record, 0, random.Random(1))
    before = bench.mark()
    bench.run("status", "qa", "--record-only", expect=1).shows("damaged", "move it")
    bench.run("doctor", expect=1).shows("damaged")
    for file in (record, *(record.with_name(record.name + more) for more in ("-wal", "-shm"))):
        if file.exists():
            file.rename(file.with_name(f"old-{file.name}"))
    said = bench.run("apply", "qa", expect=None)
    assert said.code in (0, 4), said
    assert max(bench.writes(before).values(), default=0) <= 1
    bench.run("history", "--verify").shows("none altered")


def test_a_controller_whose_record_is_damaged_writes_nothing_and_takes_the_good_one(applied: Bench) -> None:
    remote(applied)
    record = applied.repository / "stagemail.db"
    with closing(sqlite3.connect(record)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    shutil.copy(record, applied.folder / "good.db")
    for page in range(pages):
        damage(record, page, random.Random(page))
    applied.change(EMAIL, "port: 587", "port: 2587")
    push(applied)
    before = applied.mark()
    with controller(applied) as process:
        assert process.stdout is not None
        assert any("is damaged" in line for line in iter(process.stdout.readline, "")), "it is said in the log"
    assert applied.ledger(before) == []
    restored(applied, record)
    with controller(applied):
        applied.until(lambda: all(port(applied, app) == "2587" for app in APPS), "it is live with the good record")
    assert applied.writes(before)["PATCH", "QA"] == 1
