"""What the controller tells to the world outside (log, notifications, commit status, page) has no canary in it."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from stagemail.cli.controller_log import JsonLog
from stagemail.host.memory import MemoryGitHost
from stagemail.mail.outbox import FolderOutbox
from stagemail.model.condition import Condition
from stagemail.model.happening import Finished, Looked, Troubled
from stagemail.model.key import Key
from stagemail.model.run import Outcome, Run
from stagemail.model.secret import Secret
from stagemail.model.standing import Turn
from stagemail.notify.memory import MemoryNotifier
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.net import Net
from stagemail.reconcile.notifying import Notifying, Subscription
from stagemail.reconcile.receipts import Receipts
from stagemail.reconcile.stating import Stating
from stagemail.record.memory import MemoryRecord
from stagemail.web.board import Board
from stagemail.web.metrics import Metrics
from stagemail.web.serving import Serving
from tests.contract.test_outbox import ONE as MESSAGE
from tests.leaks.canaries import CANARIES, encoded, found
from tests.unit.reconcile.conftest import FakeClock

NOW = datetime(2026, 11, 26, tzinfo=UTC)
KEY = Key("qa", "configuration", "1")
TEXTS = [f"the platform said {text}, so there" for value in CANARIES for text in encoded(value).values()]


def net() -> Net:
    made = Net()
    for value in CANARIES:
        made.learn(Secret(value))
    return made


def happenings() -> list[Finished | Looked | Troubled]:
    """Everything with a canary wherever text of others may stand."""
    made: list[Finished | Looked | Troubled] = []
    for number, text in enumerate(TEXTS):
        revision = f"{number:040x}"
        stalled = Condition("Stalled", "True", "HeldByGuard", text)
        failed = Outcome("s", KEY, "QA", "write", "failed", text)
        run = Run("r", "qa", revision, "ada", NOW, "failed", NOW, (failed,), not_live=("CRM",))
        done = Finished("qa", "source", NOW, 1.0, "commit", revision, revision, run, (stalled,), (stalled,), text)
        done = replace(done, turns=(Turn(revision, stalled),))
        made += [
            done,
            replace(done, run=None),
            Looked("source", NOW, 0.1, revision, error=text, is_new=True),
            Troubled(NOW, "x", text),
        ]
    return made


def test_the_json_log_has_no_canary() -> None:
    out = io.StringIO()
    log = JsonLog(net().scrub, out)
    for happening in happenings():
        log.saw(happening)
    for text in TEXTS:
        log.complain(text)
    assert len(out.getvalue().splitlines()) == 5 * len(TEXTS)
    assert found(out.getvalue()) == []


def test_a_notification_has_no_canary() -> None:
    notifier, complaints = MemoryNotifier(()), list[str]()
    to = {"ops": Subscription("ops", notifier, frozenset({"stalled", "not-ready", "ready", "applied", "source"}))}
    courier = Courier(FakeClock(), complaints.append, None)
    record = MemoryRecord(b"k" * 32)
    notifying = Notifying(to, lambda: record, FakeClock(), courier, receipts=Receipts(), scrub=net().scrub)
    for happening in happenings():
        notifying.saw(happening)
    assert len(notifier.sent) >= len(TEXTS)
    assert found("\n".join(map(repr, notifier.sent))) == []


def test_a_commit_status_has_no_canary() -> None:
    host = MemoryGitHost()
    stating = Stating({"source": host}, Courier(FakeClock(), lambda _text: None, None), scrub=net().scrub)
    for happening in happenings():
        stating.saw(happening)
    assert host.shown
    assert found("\n".join(map(repr, host.shown.values()))) == []


def test_the_books_of_test_messages_have_no_canary(tmp_path: Path) -> None:
    books = FolderOutbox(tmp_path / "books", net().scrub)
    for number, text in enumerate(TEXTS):
        sent = replace(MESSAGE, attempt=number)
        books.begin(sent)
        books.settle(sent, "accepted", text)
    kept = b"\n".join(path.read_bytes() for path in sorted((tmp_path / "books").iterdir()))
    assert kept.count(b"so there") == len(TEXTS)
    assert found(kept) == []


def test_what_the_port_tells_of_health_has_no_canary() -> None:
    """Whoever asks /healthz or /readyz needs no login; what a Git host, a platform or the record said stands there."""
    trouble = [""]
    process: Any = SimpleNamespace(
        quiet=lambda: 0.0,
        watched=("source",),
        sources=("source",),
        record_trouble=lambda: trouble[0],
        clock=FakeClock(),
    )
    serving = Serving(process, Metrics(), lambda _text: None, net().scrub)
    said = []
    for text in TEXTS:
        trouble[0] = text
        said.append(serving.page("/readyz"))
        trouble[0] = ""
        serving.saw(Looked("source", NOW, 0.1, error=text))
        said.append(serving.page("/readyz"))
        serving.saw(Looked("source", NOW, 0.1, "c0ffee"))
        away = Condition("Ready", "Unknown", "Unreachable", text)
        serving.saw(Finished("qa", "source", NOW, 1.0, "x", "", "", None, (away,), (away,), text))
        said.append(serving.page("/readyz"))
    assert {status for status, _ in said} == {503} and len(said) == 3 * len(TEXTS)
    assert found("\n".join(body for _, body in said)) == []


def test_the_status_page_has_no_canary() -> None:
    board = Board(lambda: ["qa"], lambda: ["source"], lambda: NOW, net().scrub)
    for number, happening in enumerate(happenings()):
        board.saw(happening)
        if number % 4 in (1, 2):
            assert "so there" in board.html()
            assert found(board.html()) == []
