"""Whatever is away when the controller starts, or while it runs: it says so, writes nothing wrong, and recovers."""

import re
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from tests.acceptance.bench import GIT, Bench
from tests.acceptance.test_controller import APPS, EMAIL, port, push, remote

BOTH = re.compile(r"to look at: (.+)")


@dataclass
class Running:
    """A controller with a port. ``lines``: what it has said so far."""

    process: "subprocess.Popen[str]"
    url: str = ""
    lines: list[str] = field(default_factory=list)

    def ready(self) -> tuple[int, str]:
        answer = httpx2.get(f"{self.url}/readyz", trust_env=False, timeout=120)
        return answer.status_code, answer.text

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)


@contextmanager
def running(bench: Bench) -> Iterator[Running]:
    """It runs from here on, ready or not."""
    process = bench.start("controller")
    made = Running(process)
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: made.lines.extend(iter(process.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        bench.until(lambda: made.said("listening on "), "it listens")
        made.url = "http://" + next(line for line in made.lines if line.startswith("listening on ")).split()[-1]
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=120)
        reader.join()
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        process.stderr.close()
    said = errors + "".join(made.lines)
    assert code == 0, said
    assert "Traceback" not in said, said
    assert "defect" not in said, said


def set_up(bench: Bench) -> Path:
    """A controller's setup in which QA alone has something to write."""
    folder = remote(bench)
    text = bench.read("stagemail.yaml").replace("automated: true, selfHeal: all", "automated: false, selfHeal: none")
    text = text.replace("    dependsOn: [development]\n", "")
    bench.write("stagemail.yaml", text + "web: {listen: '127.0.0.1:0'}\n")
    bench.change(EMAIL, "port: 587", "port: 2587")
    push(bench)
    return folder


def is_live(bench: Bench) -> bool:
    return all(port(bench, app) == "2587" for app in APPS)


def recovers(bench: Bench, controller: Running, before: int) -> None:
    bench.until(lambda: is_live(bench), "the change is live")
    bench.until(lambda: controller.ready()[0] == 200, "it is ready")
    assert bench.writes(before)["PATCH", "QA"] == 1


def test_with_git_away_it_starts_red_and_recovers(applied: Bench) -> None:
    folder = set_up(applied)
    before = applied.mark()
    away = folder.rename(folder.with_name("away.git"))
    with running(applied) as controller:
        applied.until(lambda: controller.said("source: "), "it says so")
        assert controller.ready()[0] == 503
        assert applied.ledger(before) == []
        away.rename(folder)
        recovers(applied, controller, before)


def test_with_the_platform_away_it_starts_red_and_recovers(applied: Bench) -> None:
    set_up(applied)
    before = applied.mark()
    applied.platform.fault("drop-before", path="^/(api|identity)/", times=0)
    with running(applied) as controller:
        applied.until(lambda: controller.ready()[0] == 503 and "qa: " in controller.ready()[1], "it is not ready")
        assert applied.ledger(before) == []
        applied.platform.clear_faults()
        recovers(applied, controller, before)


def test_with_the_folder_of_the_database_missing_it_starts_red_and_recovers(applied: Bench) -> None:
    set_up(applied)
    before = applied.mark()
    kept, away = applied.repository / "kept", applied.folder / "away"
    applied.write("stagemail.yaml", applied.read("stagemail.yaml").replace("stagemail.db", "kept/stagemail.db"))
    away.mkdir()
    for path in applied.repository.glob("stagemail.db*"):
        shutil.move(path, away / path.name)
    with running(applied) as controller:
        applied.until(lambda: controller.said("kept"), "it says what is missing")
        status, why = controller.ready()
        assert (status, "the record: " in why) == (503, True)
        assert applied.ledger(before) == []
        away.rename(kept)
        recovers(applied, controller, before)
    assert not (applied.repository / "stagemail.db").exists(), "no record was made elsewhere"


def test_with_the_database_locked_it_writes_nothing_and_recovers(applied: Bench) -> None:
    set_up(applied)
    before = applied.mark()
    with closing(sqlite3.connect(applied.repository / "stagemail.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with running(applied) as controller:
            applied.until(lambda: controller.said("qa"), "it says so")
            assert applied.ledger(before) == []
            other.execute("ROLLBACK")
            recovers(applied, controller, before)


def test_of_two_sources_one_that_is_away_holds_up_only_its_own_stages(applied: Bench) -> None:
    set_up(applied)
    applied.change("environments/shared/apps.yaml", "stages: [development, qa]", "stages: [qa]")
    push(applied)
    shop = applied.folder / "shop"
    shutil.copytree(applied.repository / "environments", shop / "docs")
    for arguments in (["init", "--quiet", "--initial-branch", "main"], ["add", "--all"], ["commit", "-qm", "Shop"]):
        subprocess.run([*GIT, *arguments], cwd=shop, check=True)
    text = applied.read("stagemail.yaml")
    text = text.replace("  development:\n", "  development:\n    source: shop\n", 1)
    text = text.replace("folders: [environments/development, environments/shared]", "folders: [docs/development]")
    text = text.replace("state: ", f"sources: {{shop: {{url: 'file://{shop}', branch: main, path: docs}}}}\nstate: ")
    applied.write("stagemail.yaml", text.replace("automated: false, selfHeal: none", "automated: true"))
    away = shop.rename(shop.with_name("away"))
    development = shop / "docs/development/email.yaml"
    with running(applied) as controller:
        applied.until(lambda: is_live(applied), "the stage of the other source is live")
        applied.until(lambda: controller.said("shop: "), "it says which source is away")
        away.rename(shop)
        live = applied.platform.live
        applied.until(lambda: live("Development", "CRM")["port"] == "587", "its own stage is live, too")
        applied.until(lambda: controller.ready()[0] == 200, "all is seen")
        seen = len(controller.lines)
        development.write_text(development.read_text().replace("port: 587", "port: 2587"))
        subprocess.run([*GIT, "commit", "--quiet", "--all", "-m", "Move"], cwd=shop, check=True)
        applied.until(lambda: live("Development", "CRM")["port"] == "2587", "its change is live")
        woken = [found[1] for line in controller.lines[seen:] if (found := BOTH.search(line))]
        assert set(woken) == {"development"}, "only the stage that the commit concerns is woken"


@pytest.mark.parametrize("kind", ["PATCH", "POST"])
def test_sigterm_in_the_middle_of_an_apply_ends_in_order_and_nothing_is_doubled(applied: Bench, kind: str) -> None:
    set_up(applied)
    before = applied.mark()
    applied.platform.fault("delay", method=kind, path="^/api/", seconds=2.0, times=3)
    with running(applied) as controller:
        applied.until(lambda: applied.platform.faults()[0]["hits"] > 0, "a slow write is on its way")
        controller.process.send_signal(signal.SIGTERM)
        controller.process.wait(timeout=120)
    applied.platform.clear_faults()
    with running(applied) as controller:
        recovers(applied, controller, before)
    assert max(applied.writes(before).values()) == 1, "nothing was sent twice"
    applied.run("status", "qa").shows("qa Ready")


def test_sigterm_while_operations_run_for_long_ends_in_order_and_the_next_start_waits_for_them(applied: Bench) -> None:
    set_up(applied)
    before = applied.mark()
    applied.platform.fault("apply-hang", method="POST", path="deployment-operations", times=1)
    with running(applied) as controller:
        applied.until(lambda: applied.platform.faults()[0]["hits"] > 0, "an operation that never ends")
        controller.process.send_signal(signal.SIGTERM)
        assert controller.process.wait(timeout=120) == 0, "it waits for no operation"
    assert applied.run("history", "qa", "--limit", "1").shows("interrupted")
    assert applied.writes(before)["PATCH", "QA"] == 1
