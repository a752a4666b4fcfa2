"""What a run wrote, and how a stage stands, is told at least once, whenever the controller is killed."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from tests.unit.reconcile.conftest import House

from stagemail.errors import NotPermitted, StagemailError, UserMustFix
from stagemail.model.condition import Condition
from stagemail.model.inventory import Inventory
from stagemail.model.notice import Notice, NoticeKind
from stagemail.model.revision import Loaded
from stagemail.model.standing import Standing, Turn
from stagemail.model.verdict import Verdict
from stagemail.notify.memory import MemoryNotifier
from stagemail.ports import Entry, Lease
from stagemail.reconcile.automatic import Automatic
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.notifying import CLAIM, Notifying, Subscription
from stagemail.reconcile.once import once
from stagemail.reconcile.receipts import Receipts
from stagemail.reconcile.scrubbed import scrubbed
from stagemail.reconcile.setup import Passed
from stagemail.reconcile.turns import kind_of
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

    def __init__(self, house: House, *kinds: NoticeKind, failures: Iterable[StagemailError] = ()) -> None:
        house.automatic = True
        self.house = house
        self.kinds: frozenset[NoticeKind] = frozenset(kinds or ("applied",))
        self.notifier = MemoryNotifier(failures)
        self.complaints: list[str] = []
        self.verdict = Verdict(TIP, TIP)
        self.restart()

    def restart(self) -> None:
        house = self.house
        receipts = Receipts()
        self.automatic = Automatic(
            {"main": Branch(house)},  # type: ignore[dict-item]
            {"qa": "main"},
            lambda _stage: house.world("controller"),
            lambda _stage, loaded, contents: replace(house.request(), loaded=loaded, contents=contents),
            house.clock,
            receipts,
        )
        to = {"ops": Subscription("ops", self.notifier, self.kinds)}
        courier = Courier(house.clock, self.complaints.append, None)
        self.notifying = Notifying(to, lambda: house.record, house.clock, courier, receipts=receipts)

    def passes(self) -> Passed:
        return self.automatic("qa", self.verdict, "commit")

    def tells(self) -> list[Notice]:
        before = len(self.notifier.sent)
        self.notifying.saw(self.passes().finished)
        return self.notifier.sent[before:]

    def untold(self) -> tuple[str, ...]:
        return self.house.record.standing("qa").untold

    def turns(self) -> list[str]:
        return [turn.what for turn in self.house.record.standing("qa").turns]


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


def test_a_run_is_offered_until_people_were_told_and_no_longer(house: House) -> None:
    controller = Controller(house)
    controller.tells()
    assert len(controller.untold()) == 1
    controller.tells()
    assert controller.untold() == ()
    assert len(controller.notifier.sent) == 1


def test_a_run_that_wrote_nothing_is_no_news_and_is_not_offered_for_long(house: House) -> None:
    controller = Controller(house)
    controller.tells()
    run = replace(house.record.runs("qa", 1)[0], id="empty", outcomes=())
    standing = house.record.standing("qa")
    house.record.append([Entry(run=run), Entry(standing=replace(standing, untold=("empty", "gone")))], None)
    controller.restart()
    controller.tells()
    controller.tells()
    assert controller.untold() == ()
    assert len(controller.notifier.sent) == 1


def test_a_notice_that_nobody_takes_is_offered_until_somebody_does_for_a_week(house: House) -> None:
    controller = Controller(house, failures=[UserMustFix("its secret is no address")] * 3)
    for _ in range(3):
        assert controller.tells() == []
        house.clock.sleep(86_400.0)
    assert len(controller.tells()) == 1
    controller.tells()
    assert controller.untold() == ()


def test_what_was_told_by_another_host_is_taken_off_the_record_when_no_claim_can_last_so_long(house: House) -> None:
    controller = Controller(house)
    controller.tells()
    controller.restart()
    controller.tells()
    controller.tells()
    assert len(controller.untold()) == 1, "whoever has the claim may be killed before it is told"
    house.clock.sleep(CLAIM + 1)
    controller.tells()
    controller.tells()
    assert controller.untold() == ()
    assert len(controller.notifier.sent) == 1


BAD: tuple[NoticeKind, ...] = ("stalled", "not-ready", "ready")


def test_a_stage_that_is_stalled_is_told_after_a_kill_before_its_notice_and_once(house: House) -> None:
    controller = Controller(house, *BAD)
    assert controller.tells() == []
    controller.verdict = Verdict(TIP, "b" * 40, "UnsignedCommit", "bbb is not signed", "sign it")
    controller.passes()
    assert controller.turns() == ["Ready=False/UnsignedCommit", "Stalled=True/UnsignedCommit"]
    controller.restart()
    assert [notice.kind for notice in controller.tells()] == ["not-ready", "stalled"]
    assert all("bbb is not signed" in n.body and f"revision: {'b' * 12}" in n.body for n in controller.notifier.sent)
    assert controller.tells() == []
    assert controller.turns() == []
    controller.restart()
    assert controller.tells() == []


def test_a_stage_that_was_stalled_and_is_ready_again_is_told_as_both_whenever_the_controller_was_killed(
    house: House,
) -> None:
    controller = Controller(house, *BAD)
    controller.tells()
    controller.verdict = Verdict(TIP, "b" * 40, "UnsignedCommit", "bbb is not signed", "sign it")
    controller.passes()
    controller.restart()
    controller.verdict = Verdict(TIP, TIP)
    controller.passes()
    controller.restart()
    assert [notice.kind for notice in controller.tells()] == ["not-ready", "stalled", "ready"]
    assert controller.tells() == []
    assert controller.turns() == []


def test_what_stops_a_pass_is_told_after_a_kill(house: House) -> None:
    controller = Controller(house, *BAD)
    controller.tells()
    inventory = house.target.inventory
    house.target.inventory = _not_permitted  # type: ignore[method-assign]
    controller.passes()
    house.target.inventory = inventory  # type: ignore[method-assign]
    controller.restart()
    told = [notice.condition for notice in controller.tells()]
    assert told[:2] == ["Ready=False/NotPermitted", "Stalled=True/NotPermitted"]


def test_no_standing_is_written_without_what_it_turned(house: House) -> None:
    """The outbox and what it tells are one entry: there is no moment between them."""
    controller = Controller(house, *BAD)
    controller.tells()
    seen: list[Standing] = []
    append = house.record.append

    def watched(entries: Iterable[Entry], lease: Lease | None) -> None:
        listed = list(entries)
        seen.extend(entry.standing for entry in listed if entry.standing is not None)
        append(listed, lease)

    house.record.append = watched  # type: ignore[method-assign]
    controller.verdict = Verdict(TIP, "b" * 40, "UnsignedCommit", "bbb is not signed", "sign it")
    controller.passes()
    controller.passes()
    assert seen
    for standing in seen:
        bad = {f"{c.type}={c.status}/{c.reason}" for c in standing.conditions if kind_of(c) is not None}
        assert bad <= {turn.what for turn in standing.turns}
    assert len({c.since for s in seen for c in s.conditions if c.type == "Stalled"}) == 1, "it is so since it began"


def test_a_stage_that_a_person_brought_in_order_is_told_as_ready_again(house: House) -> None:
    controller = Controller(house, *BAD)
    controller.tells()
    controller.verdict = Verdict(TIP, "b" * 40, "UnsignedCommit", "bbb is not signed", "sign it")
    controller.tells()
    once(house.request(), house.world())
    controller.verdict = Verdict(TIP, TIP)
    assert [notice.kind for notice in controller.tells()] == ["ready"]
    assert controller.tells() == []


def _not_permitted(_stage: str) -> Inventory:
    raise NotPermitted("the client may not view the stage", hint="grant it")


def test_a_command_of_a_person_is_told_by_its_own_output(house: House) -> None:
    once(house.request(), house.world())
    assert house.record.standing("qa").untold == ()


def test_an_approval_that_is_waited_for_is_told_as_something_that_needs_somebody() -> None:
    waits = Condition("Ready", "False", "WaitingForApproval", "waits for `stagemail approve qa` (plan c0ffee)")
    assert kind_of(waits) == "stalled"
    assert kind_of(replace(waits, reason="Soaking")) == "not-ready"


def test_a_standing_of_before_is_read_as_one_of_which_everything_was_told() -> None:
    old = encode_standing(Standing("qa", revision="a"))
    assert set(old) & {"untold", "turns", "troubled"} == set()
    assert decode_standing("qa", old) == Standing("qa", revision="a")
    new = Standing("qa", untold=("r1",), turns=(Turn("b", Condition("Ready", "False", "NotLive")),), troubled=True)
    assert decode_standing("qa", encode_standing(new)) == new


def test_a_turn_holds_no_credential() -> None:
    bad = Condition("Ready", "False", "Failed", "the password hunter2 is wrong")
    entry = Entry(standing=Standing("qa", (bad,), turns=(Turn("b", bad),)))
    (clean,) = scrubbed([entry], lambda text: text.replace("hunter2", "***"))
    assert "hunter2" not in str(clean)
