"""The record on a branch, beside a hostile platform: neither its content, its messages nor any object has a canary."""

import subprocess
from pathlib import Path

from tests.acceptance.bench import Bench
from tests.acceptance.test_record_on_a_branch import in_ci, next_job
from tests.leaks.canaries import CANARIES, found
from tests.leaks.hostile import hostile
from tests.leaks.test_driving import _run, behind


def _everything(repository: Path) -> bytes:
    """Every object that Git has, reachable or not, and the reflog, whose words are those of commits."""
    listed = ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"]
    objects = subprocess.run(listed, cwd=repository, capture_output=True, check=True, timeout=60).stdout
    shown = ["git", "log", "--all", "--reflog", "--format=%an %ae %s %b %gs"]
    return objects + subprocess.run(shown, cwd=repository, capture_output=True, check=True, timeout=60).stdout


def test_no_canary_gets_into_the_records_branch(bench: Bench) -> None:
    planted = {
        "STAGEMAIL_SMTP_QA": CANARIES[4],
        "STAGEMAIL_ODC_CLIENT_SECRET": CANARIES[1],
        "VAULT_TOKEN": CANARIES[7],
        "GITHUB_TOKEN": CANARIES[20],
    }
    remote = in_ci(bench)
    bench.environment |= planted
    with hostile(bench.emulator.url, planted) as server:
        behind(bench, server, planted["STAGEMAIL_ODC_CLIENT_SECRET"])
        next_job(bench)
        said = [_run(bench, "apply", "qa", "--automatic")]
        for number, kind in enumerate(("problem 400", "operation 200", "echo 400", "headers 400")):
            bench.platform.set("QA", "port", str(2700 + number))
            server.kind, server.writes_only = kind, True
            server.door = ("/api/asset-configurations", "/api/deployments")[number % 2]
            said.append(_run(bench, "apply", "qa"))
            server.kind = ""
            said.append(_run(bench, "history", "qa", "--format", "json"))
    assert len(server.answered) == 4 and found("\n".join(said)) == []
    record = ["git", "show", "stagemail-record:record.jsonl"]
    lines = subprocess.run(record, cwd=remote, capture_output=True, check=True, timeout=60).stdout
    assert lines.count(b"failed") >= 2, "what the platform said was recorded"
    for place in (remote, bench.repository):
        assert found(_everything(place)) == [], "in an object or a message of Git"
    assert found(bench.files()) == []
