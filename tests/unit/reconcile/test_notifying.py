"""People are told once what happened to a stage, also after a restart; telling never stops anything."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.reconcile.conftest import FakeClock

from stagemail.errors import Unreachable, UserMustFix
from stagemail.host.memory import MemoryGitHost
from stagemail.model.condition import Condition
from stagemail.model.happening import Archived, Finished, Looked, Ticked
from stagemail.model.job import Depth
from stagemail.model.key import Key
from stagemail.model.notice import CommitStatus, Notice, NoticeKind
from stagemail.model.run import Outcome, Run
from stagemail.model.standing import Turn
from stagemail.notify.memory import MemoryNotifier
from stagemail.reconcile.courier import MOST_WAITING, Courier
from stagemail.reconcile.notifying import Notifying, Subscription
from stagemail.reconcile.receipts import Receipts, of_turn
from stagemail.reconcile.stating import Stating
from stagemail.record.memory import MemoryRecord

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ALL: frozenset[NoticeKind] = frozenset({"stalled", "not-ready", "ready", "applied", "source", "journal"})
STALLED = Condition("Stalled", "True", "HeldByGuard", "a guard holds a step until a waiver accepts it")
NOT_READY = Condition("Ready", "False", "NotApplied", "the last run did not finish this revision")
READY = Condition("Ready", "True", "InSync", "")


def finished(*changed: Condition, stage: str = "qa", revision: str = "a" * 40, run: Run | None = None) -> Finished:
    turns = tuple(Turn(revision, condition) for condition in changed)
    return Finished(stage, "source", NOW, 1.0, "commit", revision, revision, run, changed, changed, turns=turns)


class House:
    """Somebody who is told everything; ``restart`` is the controller started again on the same record."""

    def __init__(self, *failures: UserMustFix | Unreachable, again: float = 86_400.0) -> None:
        self.notifier = MemoryNotifier(failures)
        self.record = MemoryRecord(b"k" * 32)
        self.clock = FakeClock()
        self.again = again
        self.complaints: list[str] = []
        self.counted: list[tuple[str, bool]] = []
        self.restart()

    def restart(self) -> None:
        courier = Courier(self.clock, self.complaints.append, None)
        self.receipts = Receipts()
        to = {"ops": Subscription("ops", self.notifier, ALL, again=self.again)}
        self.notifying = Notifying(
            to, lambda: self.record, self.clock, courier, receipts=self.receipts,
            scrub=lambda text: text.replace("hunter2", "***"),
            told=lambda name, sent: self.counted.append((name, sent)),
        )  # fmt: skip

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.notifier.sent]


def test_a_stalled_stage_is_told_once_and_not_again_after_a_restart() -> None:
    house = House()
    house.notifying.saw(finished(STALLED))
    house.notifying.saw(finished(STALLED))
    house.restart()
    house.notifying.saw(finished(STALLED))
    assert house.titles == ["stagemail: qa needs somebody"]
    assert house.notifier.sent[0].body.splitlines() == [
        "stage: qa", "revision: aaaaaaaaaaaa", "reason: HeldByGuard", STALLED.message, "next: stagemail status qa",
    ]  # fmt: skip
    assert house.counted == [("ops", True)]


def test_another_stage_revision_or_reason_is_other_news() -> None:
    house = House()
    for happening in (
        finished(STALLED),
        finished(STALLED, stage="production"),
        finished(STALLED, revision="b" * 40),
        finished(replace(STALLED, reason="UnsignedCommit")),
        finished(replace(STALLED, message="in other words")),
    ):
        house.notifying.saw(happening)
    assert len(house.titles) == 4


def test_the_same_news_is_told_again_after_its_time() -> None:
    house = House(again=3600.0)
    house.notifying.saw(finished(STALLED))
    house.receipts.forget(of_turn("qa", Turn("a" * 40, STALLED)))
    house.notifying.saw(finished(STALLED))
    assert len(house.titles) == 1
    house.clock.sleep(3601)
    house.notifying.saw(finished(STALLED))
    assert len(house.titles) == 2


def test_a_pass_that_cannot_read_the_record_tells_its_end_and_ready_only_after_something_was_not() -> None:
    house = House()
    ready = Finished("qa", "source", NOW, 1.0, "commit", "a" * 40, "a" * 40, Run("r", "qa", "a" * 40, "x", NOW, "done"))
    house.notifying.saw(ready)
    assert house.titles == []
    house.notifying.saw(replace(ready, run=None, error="the database is away"))
    house.notifying.saw(ready)
    assert house.titles == ["stagemail: qa is not as Git wants", "stagemail: qa is as Git wants again"]


def test_what_is_being_carried_is_not_carried_a_second_time() -> None:
    class Later:
        def __init__(self) -> None:
            self.waiting: list[Callable[[], None]] = []

        def submit(self, work: Callable[..., None], *given: object) -> None:
            self.waiting.append(lambda: work(*given))

    house, later, receipts = House(), Later(), Receipts()
    courier = Courier(house.clock, house.complaints.append, later)  # type: ignore[arg-type]
    to = {"ops": Subscription("ops", house.notifier, ALL)}
    notifying = Notifying(to, lambda: house.record, house.clock, courier, receipts=receipts)
    notifying.saw(finished(STALLED))
    notifying.saw(finished(STALLED))
    assert len(later.waiting) == 1
    what = of_turn("qa", Turn("a" * 40, STALLED))
    assert not receipts.is_told(what)
    later.waiting.pop()()
    assert receipts.is_told(what)


def test_what_waited_for_a_service_that_was_away_comes_in_the_order_in_which_it_happened() -> None:
    house = House(*[Unreachable("the service is away")] * 5)
    with ThreadPoolExecutor(2) as executor:
        courier = Courier(house.clock, house.complaints.append, executor)
        to = {"ops": Subscription("ops", house.notifier, ALL)}
        notifying = Notifying(to, lambda: house.record, house.clock, courier, receipts=house.receipts)
        notifying.saw(finished(NOT_READY, STALLED, READY))
    assert [notice.kind for notice in house.notifier.sent] == ["stalled", "ready"], "the first was tried four times"


def test_who_was_told_is_known_once_everybody_was() -> None:
    receipts = Receipts()
    assert not receipts.is_told("x"), "it was never offered"
    assert receipts.offer("x", ["b", "a"]) == ("a", "b")
    receipts.told("x", "a")
    assert not receipts.is_told("x")
    receipts.carried("x", "b")
    assert receipts.offer("x", ["a", "b"]) == ("b",)
    receipts.busy("x", "b", 10.0, 300.0)
    receipts.busy("x", "b", 310.0, 300.0)
    assert not receipts.is_told("x"), "somebody else may still be at it, and be killed"
    receipts.busy("x", "b", 311.0, 300.0)
    assert receipts.is_told("x")
    receipts.forget("x")
    assert not receipts.is_told("x")


def test_what_was_written_and_a_source_that_is_not_seen_are_told() -> None:
    house = House()
    key = Key("qa", "binding", "crm")
    outcomes = (Outcome("s1", key, "CRM", "write", "done"), Outcome("s2", key, "CRM", "activate", "done"))
    run = Run("r1", "qa", "a" * 40, "controller", NOW, "done", NOW + timedelta(seconds=3), outcomes, 58, 60)
    house.notifying.saw(finished(run=run))
    house.notifying.saw(Looked("source", NOW, 1.0, error="https://x:hunter2@git does not answer"))
    house.notifying.saw(Ticked(NOW, Depth(0, 0)))
    assert house.titles == ["stagemail: qa was changed", "stagemail: source source cannot be seen"]
    assert "written: CRM\nlive on 58 of 60 apps" in house.notifier.sent[0].body
    assert house.notifier.sent[1].body == "https://x:***@git does not answer"


def test_a_journal_that_waits_for_its_branch_is_told_when_it_lasts_or_somebody_must_act() -> None:
    house = House()
    house.notifying.saw(Archived(NOW, "audit", 3))
    house.notifying.saw(Archived(NOW, "audit", 0, 5, 60.0, "does not answer"))
    assert house.titles == [], "a server that restarts is no news"
    house.notifying.saw(Archived(NOW, "audit", 0, 5, 900.0, "https://x:hunter2@git does not answer"))
    assert house.titles == ["stagemail: the journal is not copied to audit"]
    assert "https://x:***@git does not answer\nevents that wait: 5" in house.notifier.sent[0].body
    house.notifying.saw(Archived(NOW, "other", 0, 1, 0.0, "was rewound", is_refused=True))
    assert house.titles[1:] == ["stagemail: the journal is not copied to other"]


def test_nobody_is_told_what_they_did_not_ask_for() -> None:
    notice = Notice("stalled", "qa", "a", "c", "t", "b")
    assert Subscription("x", MemoryNotifier(), frozenset({"stalled"}), frozenset({"qa"})).wants(notice)
    assert not Subscription("x", MemoryNotifier(), frozenset({"ready"})).wants(notice)
    assert not Subscription("x", MemoryNotifier(), ALL, frozenset({"production"})).wants(notice)
    assert Subscription("x", MemoryNotifier(), ALL, frozenset({"qa"})).wants(replace(notice, stage=""))


def test_a_notifier_that_fails_is_tried_again_a_few_times_and_then_the_news_stays_untold() -> None:
    house = House(*[Unreachable("the service is away")] * 5)
    house.notifying.saw(finished(STALLED))
    assert house.titles == []
    assert house.counted == [("ops", False)]
    assert house.complaints == ["notification ops of qa: the service is away"]
    assert house.clock.elapsed == 77.0, "2, 15 and 60 seconds"
    house.restart()
    house.notifying.saw(finished(STALLED))
    assert len(house.titles) == 1, "it is told when it can be: one failure was left, then it was taken"


def test_a_wrong_address_is_not_tried_again() -> None:
    house = House(UserMustFix("its secret is no address", hint="write another"))
    house.notifying.saw(finished(STALLED))
    assert (house.titles, house.clock.elapsed) == ([], 0.0)
    assert house.complaints == ["notification ops of qa: its secret is no address; write another"]


def test_a_record_that_is_away_is_a_complaint_and_nothing_more() -> None:
    house = House()
    house.record.acquire = lambda *_args: (_ for _ in ()).throw(Unreachable("the database is away"))  # type: ignore[method-assign]
    house.notifying.saw(finished(STALLED))
    assert house.complaints == ["notification ops of qa: the database is away"]


def test_messages_that_wait_are_bounded() -> None:
    class Never:
        def submit(self, *_args: object) -> None: ...

    said: list[str] = []
    courier = Courier(FakeClock(), said.append, Never())  # type: ignore[arg-type]
    for number in range(MOST_WAITING + 2):
        courier.carry(f"message {number}", lambda: None)
    assert said == [f"message {n} was dropped: 500 others wait already" for n in (500, 501)]


@pytest.mark.parametrize("error", [ValueError("hunter2"), KeyError("x")])
def test_a_defect_in_telling_says_only_its_kind(error: Exception) -> None:
    said: list[str] = []

    def work() -> None:
        raise error

    Courier(FakeClock(), said.append, None).carry("message", work)
    assert said == [f"message: {type(error).__name__}"]


def states(*happenings: Finished | Looked) -> list[CommitStatus]:
    told: list[CommitStatus] = []

    class Host:
        def tell(self, status: CommitStatus) -> None:
            told.append(status)

    stating = Stating({"source": Host()}, Courier(FakeClock(), lambda _said: None, None))
    for happening in happenings:
        stating.saw(happening)
    return told


def test_a_commit_shows_pending_and_then_what_became_of_it_in_each_stage() -> None:
    seen = Looked("source", NOW, 1.0, "a" * 40, is_new=True, concerned=("production", "qa"))
    told = states(seen, finished(READY), finished(READY), finished(STALLED, stage="production"))
    assert [(s.context, s.state, s.description) for s in told] == [
        ("stagemail/production", "pending", "seen; its turn comes"),
        ("stagemail/qa", "pending", "seen; its turn comes"),
        ("stagemail/qa", "success", "live"),
        ("stagemail/production", "failure", f"HeldByGuard: {STALLED.message}"),
    ]


def test_a_commit_that_may_still_go_live_is_pending() -> None:
    failed = replace(finished(), error="the platform does not answer; it is tried again")
    assert states(failed)[0] == CommitStatus("a" * 40, "stagemail/qa", "pending", failed.error)
    assert states(finished(NOT_READY))[0].state == "pending"


def test_other_sources_and_working_trees_have_no_commit_status() -> None:
    assert states(replace(finished(READY), source="shop")) == []
    assert states(finished(READY, revision="working-tree")) == []


def test_the_git_host_in_memory_keeps_the_last_status() -> None:
    host = MemoryGitHost()
    for state in ("pending", "success"):
        host.tell(CommitStatus("a", "c", state, ""))  # type: ignore[arg-type]
    assert [status.state for status in host.shown.values()] == ["success"]
