"""Apps are written and made live in pieces: what fails, appears or ends between two pieces, in a stage of many apps."""

import pytest
from tests.unit.reconcile.conftest import House

from stagemail.model import email
from stagemail.model.inventory import App
from stagemail.model.run import Outcome, Run
from stagemail.reconcile.apply import FIRST_PIECE
from stagemail.reconcile.once import once, plan

MANY = 3 * FIRST_PIECE + 3
"""Three pieces: the first, twice as many, and a last one that is not full."""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def town(house: House) -> House:
    """A house with many apps, each bound, nothing applied. Without a secret: its outcome would be sent once more."""
    for number in range(MANY):
        name = f"App{number:02}"
        house.apps[name] = house.target.add_app("qa", App(name, f"app-{number:02}", "WebApplication", 1))
        house.bindings[name] = {}
    house.fields[email.AUTH_TYPE] = "none"
    del house.fields[email.USERNAME], house.fields[email.PASSWORD]
    return house


def outcome(run: Run, label: str, action: str) -> Outcome:
    return next(o for o in run.outcomes if o.label == label and o.action == action)


def of_stage(run: Run) -> set[str]:
    return {o.status for o in run.outcomes if o.label == "qa"}


def test_later_pieces_are_written_after_earlier_ones_are_begun_and_the_stage_comes_last(town: House) -> None:
    assert once(town.request(), town.world()).status == "done"
    order = [(key.kind, action) for key, action, _ in town.target.ledger]
    bound = [action for kind, action in order[: order.index(("configuration", "write"))] if kind == "binding"]
    assert bound.count("write") == bound.count("activate") == MANY + 2
    assert bound.index("activate") == FIRST_PIECE
    assert "write" in bound[FIRST_PIECE + 1 :]


@pytest.mark.parametrize("after", ["begun", "written"])
def test_foreign_pending_that_appears_between_pieces_is_not_made_live_and_stops_the_stage(
    town: House, after: str
) -> None:
    last = max(name for name in town.apps if name.startswith("App"))
    real = town.target.begin
    seen: list[str] = []
    wanted = {"begun": "activate", "written": "write"}[after]

    def begin(step, secrets):  # type: ignore[no-untyped-def]  # somebody works in the portal meanwhile
        operation = real(step, secrets)
        if step.action == wanted and not seen:
            seen.append(step.label)
            town.target.leave_pending(town.apps[last], "TaxRate")
        return operation

    town.target.begin = begin  # type: ignore[method-assign]
    run = once(town.request(), town.world())
    held = outcome(run, last, "activate")
    assert held.status == "held" and "TaxRate" in held.message
    assert of_stage(run) == {"skipped"}, "it would let mail out while a list is not live"
    assert town.live("App00", email.RECIPIENTS_MODE) == "test-list"
    assert town.live(last, email.HOST) is None


@pytest.mark.parametrize("nth", [1, FIRST_PIECE + 1, MANY + 2])
def test_a_narrowing_that_fails_in_any_piece_stops_settings_that_let_mail_out(town: House, nth: int) -> None:
    real = town.target.begin
    begun: list[str] = []

    def begin(step, secrets):  # type: ignore[no-untyped-def]  # the nth activation fails on the platform
        if step.action == "activate":
            begun.append(step.label)
            if len(begun) == nth:
                town.target.failures.append("compilation failed")
        return real(step, secrets)

    town.target.begin = begin  # type: ignore[method-assign]
    run = once(town.request(), town.world())
    assert outcome(run, begun[nth - 1], "activate").status == "failed"
    assert of_stage(run) == {"skipped"}
    assert all(town.live(app, email.HOST) is None for app in town.apps)
    town.target.begin = real  # type: ignore[method-assign]
    assert once(town.request(), town.world()).status == "done"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "nth", [FIRST_PIECE, FIRST_PIECE + 1, 2 * FIRST_PIECE, 4 * FIRST_PIECE, 2 * MANY, 2 * MANY + 4]
)
def test_a_kill_between_pieces_is_finished_by_the_next_run_and_nothing_is_written_twice(
    town: House, nth: int, when: str
) -> None:
    real = town.target.begin
    calls: list[str] = []

    def begin(step, secrets):  # type: ignore[no-untyped-def]  # a mock because the process that is killed is this one
        calls.append(step.label)
        if len(calls) == nth and when == "before":
            raise Killed
        operation = real(step, secrets)
        if len(calls) == nth:
            raise Killed
        return operation

    town.target.begin = begin  # type: ignore[method-assign]
    with pytest.raises(Killed):
        once(town.request(), town.world())
    town.clock.elapsed += 3600
    town.target.begin = real  # type: ignore[method-assign]
    run = once(town.request(), town.world("another"))
    assert run.status == "done", run.outcomes
    written = [key for key, action, _ in town.target.ledger if action == "write"]
    assert len(written) == len(set(written)) == MANY + 3
    assert town.record.open_intents("qa") == ()
    assert plan(town.request(), town.world()).plan.steps == ()
