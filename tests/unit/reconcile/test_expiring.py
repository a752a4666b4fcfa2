"""Credentials that run out soon are said by every plan and status, the platform's own included."""

from dataclasses import replace

import pytest

from stagemail.model import email
from stagemail.model.secret import SecretRef
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.status import observed, recorded


def notes(made) -> list[tuple[str, str]]:
    return [(note.subject, note.message) for note in made.notes if note.kind == "secret-expires"]


def expire(house, on: str) -> None:
    house.fields[email.PASSWORD] = SecretRef("vault", "SMTP_QA", expires=on)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("2026-12-23", []),
        ("2026-12-22", [("qa authentication.password", "secret vault:SMTP_QA runs out on 2026-12-22: renew it soon")]),
        ("2026-11-20", [("qa authentication.password", "secret vault:SMTP_QA has run out (2026-11-20): renew it now")]),
    ],
)
def test_a_plan_says_it_from_30_days_before(house, on, said) -> None:
    expire(house, on)
    assert notes(plan(house.request(), house.world()).plan) == said


def test_the_targets_own_secret_is_said_too(house) -> None:
    own = {"clientSecret of target odc": SecretRef("env", "ODC", expires="2026-11-25")}
    made = plan(house.request(), replace(house.world(), own_secrets=own)).plan
    assert notes(made) == [("clientSecret of target odc", "secret env:ODC runs out on 2026-11-25: renew it now")]


def test_a_status_says_it_with_and_without_the_platform(house) -> None:
    expire(house, "2026-11-25")
    world = house.world()
    line = ("qa authentication.password: secret vault:SMTP_QA runs out on 2026-11-25: renew it now",)
    assert recorded(house.request(), world).expiring == line
    assert observed(house.request(), plan(house.request(), world), world).expiring == line


def test_a_saved_plan_is_not_stale_because_a_date_came_nearer(house) -> None:
    expire(house, "2026-12-23")
    saved = plan(house.request(), house.world()).plan
    house.clock.sleep(2 * 86400)
    assert notes(plan(house.request(), house.world()).plan) != notes(saved)
    assert once(house.request(), house.world(), saved).status == "done"
