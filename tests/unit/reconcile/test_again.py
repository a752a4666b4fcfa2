"""When a stage is due again after a pass: at the next moment at which a gate may open, and after a failure soon."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.reconcile.conftest import House
from tests.unit.reconcile.test_untold import Controller

from stagemail.model import email
from stagemail.model.gate import Gating, Window

EVENING = Window(tuple(range(7)), 20 * 60, 22 * 60, "UTC")
"""It opens 20 hours after the clock of these tests begins."""
SHUT = [
    Gating(heal_windows=(EVENING,)),
    Gating(canary_apps=1, canary_soak=86_400),
]


def controller(house: House, gating: Gating, heal_after: int = 0) -> Controller:
    made = Controller(house)
    request = made.automatic.request
    made.automatic = replace(
        made.automatic,
        request=lambda *given: replace(
            asked := request(*given), policy=replace(asked.policy, gating=gating, heal_after=heal_after)
        ),
    )
    return made


def test_what_is_in_order_is_looked_at_when_a_window_opens(house: House) -> None:
    passed = controller(house, SHUT[0]).passes()
    assert not passed.failed
    assert 19 * 3600 < passed.again <= 20 * 3600 + 1


def test_drift_is_looked_at_when_it_has_lasted_long_enough(house: House) -> None:
    made = controller(house, Gating(), heal_after=600)
    assert made.passes().again == 0.0
    house.target.set(house.apps["CRM"], email.RECIPIENTS_MODE, "set-in-app")
    assert made.passes().again == 601.0
    house.clock.sleep(601.0)
    assert made.passes().again == 0.0
    assert house.live("CRM", email.RECIPIENTS_MODE) == "test-list"


@pytest.mark.parametrize("gating", SHUT)
def test_what_failed_does_not_wait_until_a_window_opens_or_a_canary_has_soaked(
    make_house: Callable[..., House], gating: Gating
) -> None:
    house = make_house()
    house.target.failures.extend(["the platform stumbled"] * 3)
    passed = controller(house, gating).passes()
    assert passed.failed
    assert passed.again == 0.0, "the pause that grows with each failure is what counts"
