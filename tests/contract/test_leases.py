"""What every keeper of leases does: one holder per scope, and a fence that only grows."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.record import branches
from tests.unit.record.clocks import WallClock

from stagemail.errors import Busy, LeaseLost
from stagemail.ports import Leases
from stagemail.record.memory import MemoryRecord
from stagemail.record.state import open_record

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "git-branch"])
def leases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Leases]:
    if request.param == "memory":
        yield MemoryRecord(bytes(32))
        return
    if request.param == "git-branch":
        with branches.opened(branches.clone(branches.remote(tmp_path))) as on_branch:
            yield on_branch
        return
    url = request.getfixturevalue("database") if request.param == "postgresql" else "sqlite:///record.db"
    with open_record(url, tmp_path, randomness=os.urandom, clock=WallClock()) as opened:
        yield opened


def test_a_free_scope_is_taken_until_the_time_that_was_asked_for(leases: Leases) -> None:
    lease = leases.acquire("org", "host:1", NOON, 30)
    assert (lease.scope, lease.owner, lease.fence, lease.until) == ("org", "host:1", 1, after(30))


def test_a_taken_scope_names_its_holder_since_when_and_until_when(leases: Leases) -> None:
    lease = leases.acquire("org", "host:1", NOON, 30)
    leases.renew(lease, after(20), 30)
    with pytest.raises(Busy, match=r"org .* host:1 since 2026-05-04 12:00:00 UTC; its lease ends 2026-05-04 12:00:50"):
        leases.acquire("org", "host:2", after(49), 30)


def test_even_its_holder_cannot_take_it_twice(leases: Leases) -> None:
    leases.acquire("org", "host:1", NOON, 30)
    with pytest.raises(Busy):
        leases.acquire("org", "host:1", after(1), 30)


def test_scopes_are_independent(leases: Leases) -> None:
    assert leases.acquire("a", "host:1", NOON, 30).fence == leases.acquire("b", "host:1", NOON, 30).fence == 1


def test_an_expired_lease_is_taken_by_the_next_with_a_higher_fence(leases: Leases) -> None:
    old = leases.acquire("org", "host:1", NOON, 30)
    new = leases.acquire("org", "host:2", after(30), 30)
    assert new.fence == old.fence + 1
    with pytest.raises(LeaseLost, match="host:2 has taken over"):
        leases.renew(old, after(31), 30)


def test_a_lease_from_a_clock_that_was_years_ahead_is_taken_and_its_holder_has_lost_it(leases: Leases) -> None:
    first = leases.acquire("org", "host:1", after(3 * 365 * 86400), 30)
    second = leases.acquire("org", "host:2", NOON, 30)
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        leases.renew(first, NOON, 30)


def test_a_holder_whose_clock_is_some_minutes_ahead_is_waited_for(leases: Leases) -> None:
    leases.acquire("org", "host:1", after(300), 30)
    with pytest.raises(Busy):
        leases.acquire("org", "host:2", NOON, 30)


def test_a_renewed_lease_keeps_its_fence_and_lasts_longer(leases: Leases) -> None:
    lease = leases.acquire("org", "host:1", NOON, 30)
    renewed = leases.renew(lease, after(20), 30)
    assert (renewed.fence, renewed.until) == (lease.fence, after(50))


def test_in_its_first_third_a_lease_in_a_database_is_looked_at_and_not_written(tmp_path: Path) -> None:
    with open_record("sqlite:///record.db", tmp_path, randomness=os.urandom, clock=WallClock()) as leases:
        lease = leases.acquire("org", "host:1", NOON, 30)
        assert leases.renew(lease, after(9), 30).until == after(30)
        assert leases.renew(lease, after(10), 30).until == after(40)
        leases.release(lease)
        leases.acquire("org", "host:2", after(11), 30)
        with pytest.raises(LeaseLost, match="host:2"):
            leases.renew(lease, after(12), 30)


def test_an_expired_lease_that_nobody_took_can_be_renewed(leases: Leases) -> None:
    lease = leases.acquire("org", "host:1", NOON, 30)
    assert leases.renew(lease, after(100), 30).until == after(130)


def test_a_released_lease_is_free_at_once_and_the_fence_still_grows(leases: Leases) -> None:
    first = leases.acquire("org", "host:1", NOON, 30)
    leases.release(first)
    second = leases.acquire("org", "host:2", after(1), 30)
    assert second.fence == first.fence + 1


def test_a_released_lease_is_lost_to_who_gave_it_back(leases: Leases) -> None:
    lease = leases.acquire("org", "host:1", NOON, 30)
    leases.release(lease)
    with pytest.raises(LeaseLost, match="given back"):
        leases.renew(lease, after(1), 30)


def test_releasing_a_lost_lease_is_no_error_and_leaves_the_new_holder_alone(leases: Leases) -> None:
    old = leases.acquire("org", "host:1", NOON, 30)
    new = leases.acquire("org", "host:2", after(31), 30)
    leases.release(old)
    leases.release(old)
    assert leases.renew(new, after(32), 30).fence == new.fence


def test_a_lease_on_a_scope_that_nobody_ever_took_is_lost(leases: Leases) -> None:
    lease = MemoryRecord(bytes(32)).acquire("other", "host:1", NOON, 30)
    with pytest.raises(LeaseLost):
        leases.renew(lease, NOON, 30)
    leases.release(lease)
