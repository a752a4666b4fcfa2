"""A whole reconcile with its record on a branch: how often it pushes, and what a crash or a lost branch costs."""

from collections import Counter
from pathlib import Path
from typing import cast

import pytest
from tests.unit.reconcile.conftest import House
from tests.unit.record.branches import BRANCH, clone, opened, pushes, remote, run_git

from stagemail.model import email
from stagemail.model.inventory import App
from stagemail.model.run import Operation
from stagemail.reconcile.once import once
from stagemail.record.git_branch import GitBranchRecord
from stagemail.record.memory import MemoryRecord

APPS = 6


class Killed(BaseException):
    """The process ends here; nothing of it runs any more."""


def house_of(origin: Path) -> House:
    """A stage of six bound apps, and its record on a branch."""
    house = House(stage_writes="live")
    for number in range(APPS - 3):
        app = App(f"App{number}", f"app-{number}", "WebApplication", 1)
        house.apps[app.name] = house.target.add_app("qa", app)
    house.bindings = {app: {} for app in house.apps}
    move(house, origin, "clone")
    return house


def move(house: House, origin: Path, name: str) -> None:
    """The next job runs on another machine."""
    house.record = cast("MemoryRecord", opened(clone(origin, name), clock=house.clock))


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return remote(tmp_path)


def test_writing_to_many_apps_costs_one_push_and_nothing_to_do_costs_two(origin: Path) -> None:
    house = house_of(origin)
    assert once(house.request(), house.world()).status == "done"
    subjects = run_git(origin, "log", "--format=%s", BRANCH).split("\n")
    assert sum(f"{APPS} intent" in subject for subject in subjects) >= 1
    assert len(subjects) <= 4 + APPS, "lease, apps, stage, release; and each activation, as long as each opens its own"
    move(house, origin, "next")
    assert once(house.request(), house.world("next")).status == "done"
    assert pushes(origin) == len(subjects) + 2


def test_a_deleted_branch_costs_an_adoption_and_no_write(origin: Path) -> None:
    house = house_of(origin)
    once(house.request(), house.world())
    known, written = house.record.applied("qa"), list(house.target.ledger)
    run_git(origin, "branch", "-D", BRANCH)
    move(house, origin, "next")
    assert once(house.request(), house.world("next")).status in ("done", "held")
    assert house.target.ledger == written
    assert [r.key for r in house.record.applied("qa").resources] == [r.key for r in known.resources]


@pytest.mark.parametrize("calls", range(0, 2 * APPS + 1, 4))
def test_a_kill_at_any_write_is_finished_by_a_job_elsewhere_and_nothing_is_sent_twice(origin: Path, calls: int) -> None:
    house = house_of(origin)
    house.fields[email.AUTH_TYPE] = "none"  # an unreadable secret whose write was lost is sent once more, on purpose
    del house.fields[email.USERNAME], house.fields[email.PASSWORD]
    mine, begin = cast("GitBranchRecord", house.record), house.target.begin
    left = calls

    def dying(step, secrets) -> Operation:  # type: ignore[no-untyped-def]  # the killed process would be this one
        nonlocal left
        done = begin(step, secrets)
        left -= 1
        if left < 0:
            mine._send = _dead  # type: ignore[method-assign]
            raise Killed
        return done

    house.target.begin = dying  # type: ignore[method-assign]
    with pytest.raises(Killed):
        once(house.request(), house.world("killed"))
    house.target.begin = begin  # type: ignore[method-assign]
    move(house, origin, "next")
    house.clock.sleep(100)
    assert once(house.request(), house.world("next")).status == "done"
    assert once(house.request(), house.world("next")).status == "done"
    sent = Counter((key, action) for key, action, _ in house.target.ledger)
    assert max(sent.values()) == 1, [what for what, count in sent.items() if count > 1]
    assert house.record.open_intents("qa") == ()


def _dead(*_: object) -> None:
    raise Killed
