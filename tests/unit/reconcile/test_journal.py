"""A stop right behind a durable append takes nothing out of the history."""

import pytest

from stagemail.reconcile.once import once


def test_a_run_that_is_stopped_right_behind_an_outcome_keeps_it_in_its_end(house) -> None:  # type: ignore[no-untyped-def]
    append = house.record.append

    def stopped(entries, lease):  # type: ignore[no-untyped-def]
        listed = list(entries)
        append(listed, lease)
        if any(entry.settled and entry.settled[1].action == "activate" for entry in listed):
            house.record.append = append
            raise KeyboardInterrupt

    house.record.append = stopped
    with pytest.raises(KeyboardInterrupt):
        once(house.request(), house.world())
    run = house.record.runs("qa", 1)[0]
    assert run.status == "interrupted"
    assert {outcome.action for outcome in run.outcomes if outcome.status == "done"} >= {"write", "activate"}
