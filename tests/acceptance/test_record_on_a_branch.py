"""A team whose only runtime is CI: each job a fresh clone, the record on a branch, the CLI as the workflow types it."""

import shutil
import subprocess
from pathlib import Path

from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench

KEY = "acceptance-record-key-0123456789abcdef"
STATE = "state: git-branch:stagemail-record\nstateKey: {secretRef: {store: env, key: RECORD_KEY}}"


def in_ci(bench: Bench) -> Path:
    """The repository gets a remote, and its record a branch there."""
    bench.change("stagemail.yaml", "state: sqlite:///stagemail.db", STATE)
    bench.environment["STAGEMAIL_RECORD_KEY"] = KEY
    remote = bench.folder / "remote.git"
    bench.git("clone", "--quiet", "--bare", ".", str(remote))
    bench.git("remote", "add", "origin", f"file://{remote}")
    return remote


def next_job(bench: Bench, *options: str) -> None:
    """Another runner: nothing is left of the clone that the last one worked in."""
    bench.git("push", "--quiet", "origin", "HEAD")
    shutil.rmtree(bench.repository)
    subprocess.run(
        ["git", "clone", "--quiet", *options, f"file://{bench.folder}/remote.git", str(bench.repository)],
        cwd=bench.folder, check=True, timeout=120,
    )  # fmt: skip


def test_jobs_on_fresh_clones_know_what_the_last_one_did(make_bench: MakeBench) -> None:
    bench = make_bench()
    remote = in_ci(bench)
    next_job(bench)
    bench.run("apply", "qa", "--automatic")
    next_job(bench, "--depth=1")
    written = len(bench.ledger())
    bench.run("plan", "qa", "--detailed-exitcode")
    bench.run("apply", "qa", "--automatic")
    bench.run("history", "qa").shows("done")
    bench.run("history", "--verify").shows("none altered, removed or moved").hides("There is no copy")
    bench.run("doctor", expect=None).shows("git-branch:stagemail-record: last run")
    assert len(bench.ledger()) == written, "nothing was left to do"
    show = ["git", "show", "stagemail-record:record.jsonl"]
    lines = subprocess.run(show, cwd=remote, capture_output=True, text=True, check=True, timeout=120).stdout
    assert '"kind":"snapshot"' in lines
    assert KEY not in lines
    bench.unset("STAGEMAIL_RECORD_KEY")
    bench.run("apply", "qa", expect=1).shows("STAGEMAIL_RECORD_KEY")


def test_a_line_that_somebody_mended_stops_every_command_before_anything_is_written(make_bench: MakeBench) -> None:
    bench = make_bench()
    remote = in_ci(bench)
    next_job(bench)
    bench.run("apply", "qa")
    written = len(bench.ledger())
    bench.git("fetch", "--quiet", "origin", "stagemail-record")
    bench.git("checkout", "--quiet", "-B", "forged", "FETCH_HEAD")
    bench.change("record.jsonl", '"purpose":"non-production"', '"purpose":"development"')
    bench.git("push", "--quiet", "origin", "forged:stagemail-record")
    bench.git("checkout", "--quiet", "main")
    bench.change("environments/qa/email.yaml", "port: 587", "port: 2525")
    bench.run("apply", "qa", expect=1).shows("stagemail-record:record.jsonl:", "was forged or changed", "git log")
    assert len(bench.ledger()) == written
    subprocess.run(
        ["git", "branch", "-D", "stagemail-record"], cwd=remote, check=True, timeout=120, capture_output=True
    )
    bench.run("plan", "qa", expect=None)
    assert len(bench.ledger()) == written
