"""What a run wrote is told at least once: a kill between its end and its notice takes nothing away."""

from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from tests.unit.reconcile.conftest import House

from stagemail.model.notice import Notice
from stagemail.model.revision import Loaded
from stagemail.model.standing import Standing
from stagemail.model.verdict import Verdict
from stagemail.notify.memory import MemoryNotifier
from stagemail.ports import Entry
from stagemail.reconcile.automatic import TOLD_WITHIN, Automatic
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.notifying import CLAIM, Notifying, Subscription
from stagemail.reconcile.once import once
from stagemail.reconcile.setup import Passed
from stagemail.record.codec import decode_standing, encode_standing

TIP = "a" * 40


class Branch:
    """One commit, which everybody may have."""

    def __init__(self, house: House) -> None:
        self.house = house

    def contents(self, revision: str) -> dict[str, str]:
        return {"qa": revision}

    def load(self, revision: str) -> Loaded:
        del revision
        return self.house.request().loaded


class Controller:
    """``restart`` is a new process on the same record; what the old one had in memory is gone."""

    def __init__(self, house: House) -> None:
        house.automatic = True
        self.house = house
        self.notifier = MemoryNotifier(())
        self.restart()

    def restart(self) -> None:
        house = self.house
        self.automatic = Automatic(
            {"main": Branch(house)},  # type: ignore[dict-item]
            {"qa": "main"},
            lambda _stage: house.world("controller"),
            lambda _stage, loaded, contents: replace(house.request(), loaded=loaded, contents=contents, tells=True),
            house.clock,
        )
        to = {"ops": Subscription("ops", self.notifier, frozenset({"applied"}))}
        self.notifying = Notifying(to, lambda: house.record, house.clock, Courier(house.clock, print, None))

    def passes(self) -> Passed:
        return self.automatic("qa", Verdict(TIP, TIP), "commit")

    def tells(self) -> list[Notice]:
        before = len(self.notifier.sent)
        self.notifying.saw(self.passes().finished)
        return self.notifier.sent[before:]

    def untold(self) -> tuple[str, ...]:
        return self.house.record.standing("qa").untold


def test_a_controller_that_is_killed_between_a_runs_end_and_its_notice_tells_it_after_its_restart(house: House) -> None:
    controller = Controller(house)
    run = controller.passes().finished.run
    assert run is not None and controller.untold() == (run.id,), "the run ended, and nobody was told"
    controller.restart()
    (told,) = controller.tells()
    assert told.condition == f"run/{run.id}"
    assert f"revision: {TIP[:12]}" in told.body and f"live on {run.live} of {run.apps} apps" in told.body
    assert controller.tells() == []
    controller.restart()
    assert controller.tells() == []


def test_a_notice_that_was_claimed_by_who_was_killed_is_told_when_the_claim_is_over(house: House) -> None:
    controller = Controller(house)
    run = controller.passes().finished.run
    assert run is not None
    key = Notice("applied", "qa", TIP, f"run/{run.id}", "", "").key
    scope = f"notice/{sha256(f'ops|{key}'.encode()).hexdigest()[:40]}"
    house.record.acquire(scope, "notifications", house.clock.now(), CLAIM)
    controller.restart()
    assert controller.tells() == []
    house.clock.sleep(CLAIM + 1)
    assert len(controller.tells()) == 1


def test_what_a_killed_run_wrote_is_told_although_another_run_finished_it(house: House) -> None:
    controller = Controller(house)
    append = house.record.append

    def killed(entries: list[Entry], lease: object) -> None:
        listed = list(entries)
        if any(entry.run and entry.run.status != "running" for entry in listed):
            raise SystemExit
        append(listed, lease)  # type: ignore[arg-type]

    house.record.append = killed  # type: ignore[assignment,method-assign]
    with suppress(SystemExit):
        controller.passes()
    house.record.append = append  # type: ignore[method-assign]
    controller.restart()
    house.clock.sleep(CLAIM)
    told = controller.tells()
    assert any("interrupted; the next run finishes it" in notice.body for notice in told), told


def test_a_run_is_offered_no_longer_than_somebody_may_still_be_telling_it(house: House) -> None:
    controller = Controller(house)
    controller.tells()
    assert len(controller.untold()) == 1
    controller.tells()
    house.clock.sleep(TOLD_WITHIN)
    controller.tells()
    assert controller.untold() == ()
    assert len(controller.notifier.sent) == 1


def test_a_command_of_a_person_is_told_by_its_own_output(house: House) -> None:
    once(house.request(), house.world())
    assert house.record.standing("qa").untold == ()


def test_a_standing_of_before_is_read_as_one_of_which_everything_was_told() -> None:
    old = encode_standing(Standing("qa", revision="a"))
    assert "untold" not in old
    assert decode_standing("qa", old) == Standing("qa", revision="a")
    new = Standing("qa", untold=("r1",))
    assert decode_standing("qa", encode_standing(new)) == new
