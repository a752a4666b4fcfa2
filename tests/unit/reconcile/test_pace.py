"""How much earlier a stage is due, since it may have to wait for the others of its organization."""

import pytest

from stagemail.model.news import News
from stagemail.reconcile.pace import MOST_AHEAD, Pace
from stagemail.reconcile.setup import Followed

QA, PRODUCTION = (Followed(name, "source", "acme", 600.0) for name in ("qa", "production"))
OTHER = Followed("other", "source", "umbrella", 600.0)


def passed(stage: Followed, seconds: float, at_least: float = 0.0) -> News:
    return News("passed", stage.stage, seconds, at_least=at_least)


def test_stages_of_an_organization_wait_for_each_other_and_for_nobody_else() -> None:
    pace = Pace((QA, PRODUCTION, OTHER))
    assert pace.rest(OTHER, passed(OTHER, 7.0)) == (593.0, 7.0)
    assert pace.rest(QA, passed(QA, 20.0)) == (580.0, 40.0), "production is taken to need as long"
    assert pace.rest(PRODUCTION, passed(PRODUCTION, 50.0)) == (550.0, 70.0)
    assert pace.rest(QA, passed(QA, 10.0)) == (590.0, 60.0)


@pytest.mark.parametrize(("at_least", "ahead"), [(0.0, 600 * MOST_AHEAD), (400.0, 100.0), (480.0, 0.0), (900.0, 0.0)])
def test_nobody_is_due_earlier_than_the_limits_of_the_platform_allow(at_least: float, ahead: float) -> None:
    assert Pace((QA, PRODUCTION)).rest(QA, passed(QA, 500.0, at_least))[1] == ahead
