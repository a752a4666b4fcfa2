"""The record inside a shield: no call of it can be torn by an interrupt."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stagemail.record.state import KeptRecord, open_record
from stagemail.wiring.clock import SystemClock
from stagemail.wiring.shielded import ShieldedRecord


class Watched:
    """Calls of a record, and whether each came from inside the shield."""

    def __init__(self, record: KeptRecord) -> None:
        self.record = record
        self.inside = 0
        self.calls: dict[str, int] = {}

    @contextmanager
    def shield(self) -> Iterator[None]:
        self.inside += 1
        yield
        self.inside -= 1

    def __getattr__(self, name: str) -> Any:
        self.calls[name] = self.inside
        return getattr(self.record, name)


def test_every_call_that_opens_a_transaction_is_inside_the_shield(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    with open_record("sqlite:///r.db", tmp_path, randomness=lambda count: b"x" * count, clock=SystemClock()) as record:
        watched = Watched(record)
        shielded = ShieldedRecord(watched, watched.shield, str)  # type: ignore[arg-type]
        lease = shielded.renew(shielded.acquire("odc:x", "me", now, 60), now, 60)
        shielded.append([], lease)
        shielded.release(lease)
        assert shielded.applied("qa").resources == ()
        assert (shielded.open_intents("qa"), shielded.runs(None, 1)) == ((), ())
        assert shielded.standing("qa").stage == "qa"
        assert (shielded.decisions(), shielded.audit().fault) == ((), "")
        assert shielded.fingerprint_key() == record.fingerprint_key()
        assert shielded.notices == record.notices
    expected = {"acquire", "renew", "append", "release", "applied", "open_intents", "runs"}
    expected |= {"standing", "decisions", "audit"}
    assert {name for name, inside in watched.calls.items() if inside == 1} == expected
