"""When things are due: at their interval, woken, after a pause that grows with failures; all by a clock of the test."""

from hypothesis import given
from hypothesis import strategies as st

from stagemail.reconcile.schedule import FIRST_PAUSE, LONGEST_PAUSE, SPREAD, Schedule


def always(value: float) -> Schedule:
    return Schedule(lambda: value)


def test_what_is_due_is_taken_once_the_longest_due_first() -> None:
    schedule = always(0.0)
    for name, at in (("late", 5.0), ("early", 1.0), ("future", 99.0)):
        schedule.add(name, at, "start")
    assert schedule.take(10.0) == [("early", "start"), ("late", "start")]
    assert schedule.take(10.0) == []
    assert schedule.next_at() == 99.0


def test_an_interval_is_a_little_shorter_by_chance_and_never_longer() -> None:
    for chance in (0.0, 0.5, 0.999):
        schedule = always(chance)
        schedule.add("qa", 0.0, "start")
        schedule.take(0.0)
        pause = schedule.done("qa", 0.0, 600.0)
        assert 600.0 * (1 - SPREAD) <= pause <= 600.0
        assert pause == 600.0 * (1 - SPREAD * chance)


def test_pauses_after_failures_grow_to_a_limit_and_end_with_the_first_success() -> None:
    schedule = always(1.0)
    schedule.add("qa", 0.0, "start")
    now, pauses = 0.0, []
    for _ in range(12):
        schedule.take(now)
        pauses.append(schedule.done("qa", now, 600.0, failed=True))
        now += pauses[-1]
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert schedule.take(now) == [("qa", "retry")]
    schedule.done("qa", now, 600.0)
    schedule.take(now + 600.0)
    assert schedule.done("qa", now, 600.0, failed=True) == FIRST_PAUSE


def test_what_is_woken_while_it_is_done_is_due_again_at_once() -> None:
    schedule = always(0.0)
    schedule.add("qa", 0.0, "start")
    schedule.take(0.0)
    schedule.wake("qa", 1.0, "commit")
    assert schedule.take(1.0) == []
    assert schedule.done("qa", 2.0, 600.0, failed=True) == 0.0
    assert schedule.take(2.0) == [("qa", "commit")]


def test_waking_brings_forward_and_never_puts_off() -> None:
    schedule = always(0.0)
    schedule.add("qa", 100.0, "interval")
    schedule.wake("qa", 10.0, "commit")
    schedule.wake("qa", 20.0, "asked")
    schedule.wake("nobody", 20.0, "asked")
    assert schedule.take(10.0) == [("qa", "commit")]


def test_a_moment_that_is_known_comes_before_the_interval_and_a_platforms_word_before_our_pause() -> None:
    schedule = always(0.0)
    schedule.add("qa", 0.0, "start")
    schedule.take(0.0)
    assert schedule.done("qa", 0.0, 600.0, at_most=30.0) == 30.0
    schedule.take(30.0)
    assert schedule.done("qa", 30.0, 600.0, failed=True, at_most=120.0) == 120.0


def test_what_is_not_kept_is_forgotten() -> None:
    schedule = always(0.0)
    for name in ("qa", "gone"):
        schedule.add(name, 0.0, "start")
    schedule.keep_only(frozenset({"qa"}))
    assert schedule.take(1.0) == [("qa", "start")]
    assert schedule.done("gone", 1.0, 600.0) == 600.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["wake", "take", "ok", "fail"])), max_size=60))
def test_whatever_happens_nothing_is_lost_and_nothing_is_taken_twice(script: list[tuple[str, str]]) -> None:
    schedule = always(0.5)
    out: set[str] = set()
    now = 0.0
    for name in "abc":
        schedule.add(name, 0.0, "start")
    for name, act in script:
        now += 1.0
        if act == "wake":
            schedule.wake(name, now, "commit")
        elif act == "take":
            taken = {found for found, _ in schedule.take(now)}
            assert not taken & out
            out |= taken
        elif name in out:
            schedule.done(name, now, 60.0, failed=act == "fail")
            out.discard(name)
    for name in sorted(out):
        schedule.done(name, now, 60.0)
    assert {name for name, _ in schedule.take(now + 10 * LONGEST_PAUSE)} == set("abc")
