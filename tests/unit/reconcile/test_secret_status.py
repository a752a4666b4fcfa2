"""What an admin is told of a credential: where it is used, how old it is, and when the version before may go."""

from datetime import date

import pytest

from stagemail.errors import Unreachable
from stagemail.model import email
from stagemail.model.inventory import App
from stagemail.model.location import Location
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.secret_status import OwnSecret, Scene, secret_status, view
from stagemail.report.plan_text import plan_text
from stagemail.report.secret_status import exit_worth

TODAY = date(2026, 11, 22)


def look(house, *, others=None, blocked=(), own=(), world=None):
    """The status of the house's one secret, and of the operator file's."""
    world = world or house.world()
    views = {"qa": view(house.request(), world)}
    desired = {"qa": house.desired(), **(others or {})}
    scene = Scene(desired, views, blocked, lambda place: Location(place.path, 7), TODAY)
    return secret_status(scene, own, world.credentials)


def test_after_a_rotation_it_says_that_the_version_before_may_be_revoked(house) -> None:
    once(house.request(), house.world())
    house.store.put("SMTP_QA", "second-password")
    (behind,) = look(house)
    assert behind.live_in[0].state == "behind"
    assert behind.live_in[0].message == "the platform has version 1: `stagemail apply qa` sends what the store has"
    assert behind.conclusion == "keep version 1: whether version 2 is live in qa is not known or not so yet"
    assert behind.todo
    once(house.request(), house.world())
    (live,) = look(house)
    assert live.conclusion == "version 2 live in 3 of 3 apps: version 1 may be revoked"
    assert (live.todo, exit_worth((live,), ())) == (False, "done")
    assert [(use.stage, use.field, str(use.location)) for use in live.uses] == [
        ("qa", email.PASSWORD, "environments/qa/email.yaml:7:0")
    ]


def test_sixty_apps_and_the_eighth_version(house) -> None:
    for number in range(57):
        house.target.add_app("qa", App(f"App{number}", f"app-{number}", "WebApplication", 1))
    for number in range(2, 8):
        house.store.put("SMTP_QA", f"password-{number}")
    once(house.request(), house.world())
    house.store.put("SMTP_QA", "password-8")
    text = " ".join(plan_text(plan(house.request(), house.world()).plan).split())
    assert "secret vault:SMTP_QA rotated (version 7 → 8)" in text
    once(house.request(), house.world())
    (found,) = look(house)
    assert found.conclusion == "version 8 live in 60 of 60 apps: version 7 may be revoked"


def test_an_app_that_still_waits_is_named_and_the_version_before_is_kept(house) -> None:
    house.store.put("SMTP_QA", "second-password")
    house.target.failures += ["", "", "the app does not start"]
    once(house.request(), house.world())
    (found,) = look(house)
    (waiting,) = found.live_in[0].not_live
    assert found.conclusion == "version 2 live in 2 of 3 apps: keep version 1"
    assert found.live_in[0].message == f"not live in {waiting}"
    assert found.todo


def test_never_written_unverified_overwritten_and_unsettled_each_have_their_next_step(house) -> None:
    (never,) = look(house)
    assert never.live_in[0].message.startswith("we have no record of it yet: `stagemail apply qa` writes it")
    once(house.request(), house.world())
    house.target.set(house.key, email.PASSWORD, "typed")
    (over,) = look(house)
    assert (over.live_in[0].state, over.todo) == ("overwritten", True)
    assert over.conclusion == "whether version 1 is live in qa is not known or not so yet"


def test_a_platform_that_does_not_answer_is_said_and_nothing_may_be_revoked(house, monkeypatch) -> None:
    house.store.put("SMTP_QA", "second-password")
    once(house.request(), house.world())

    def silent(_stage):
        raise Unreachable("no answer")

    monkeypatch.setattr(house.target, "inventory", silent)
    (found,) = look(house)
    assert found.live_in[0].message == "in which apps it is live is not known: no answer"
    assert "may be revoked" not in found.conclusion
    assert found.conclusion.startswith("keep version 1")


def test_whoever_else_may_need_the_version_before_is_named(house) -> None:
    house.store.put("SMTP_QA", "second-password")
    once(house.request(), house.world())
    other = type(house)()
    (unseen,) = look(house, others={"production": other.desired_as("production")})
    assert unseen.conclusion.endswith("keep version 1; production uses it, too, and was not looked at")
    other.fields[email.PASSWORD] = SecretRef("vault", "SMTP_QA", version="1")
    (pinned,) = look(house, others={"production": other.desired_as("production")})
    assert pinned.conclusion.endswith("keep version 1; production is pinned to version 1")
    (blocked,) = look(house, blocked=("production",))
    assert blocked.conclusion.endswith("what production uses is not known: its documents have problems")


def test_a_stage_without_apps_says_so_instead_of_counting_none(house) -> None:
    house.store.put("SMTP_QA", "second-password")
    for key in house.apps.values():
        house.target.remove_app(key)
    house.bindings.clear()
    once(house.request(), house.world())
    (found,) = look(house)
    assert found.conclusion == "version 2 is set, and no app is deployed that uses it: version 1 may be revoked"


def test_where_the_platform_tells_nothing_that_is_said_beside_the_count(make_house) -> None:
    house = make_house(evidence=False)
    house.store.put("SMTP_QA", "second-password")
    once(house.request(), house.world())
    (found,) = look(house)
    assert "is not known: the platform tells nothing" in found.live_in[0].message
    assert found.conclusion == "version 2 live in 3 of 3 apps: version 1 may be revoked"


class Dated:
    """A store that tells age and expiry."""

    def __init__(self, inner, created: str, expires: str) -> None:
        self.inner, self.created, self.expires = inner, created, expires

    def read(self, ref: SecretRef) -> SecretVersion:
        found = self.inner.read(ref)
        return SecretVersion(found.value, found.version, self.expires, self.created)

    def origin(self, ref: SecretRef) -> str:
        return str(self.inner.origin(ref))


@pytest.mark.parametrize(
    ("expires", "warning"),
    [
        ("2026-12-23", ""),
        ("2026-12-22", "runs out on 2026-12-22: renew it soon"),
        ("2026-12-06T10:00:00Z", "runs out on 2026-12-06: renew it this week"),
        ("2026-11-29", "runs out on 2026-11-29: renew it now"),
        ("2026-11-22", "has run out (2026-11-22): renew it now"),
    ],
)
def test_age_and_expiry_come_from_the_store_and_warn_at_30_14_and_7_days(house, expires, warning) -> None:
    once(house.request(), house.world())
    house.store = Dated(house.store, "2026-11-10T08:00:00Z", expires)
    (found,) = look(house)
    assert (found.age, found.expires, found.warning) == (12, expires[:10], warning)
    assert exit_worth((found,), ()) == ("todo" if warning else "done")


def test_the_api_clients_own_secret_is_listed_with_its_expiry_and_note(house) -> None:
    ref = SecretRef("vault", "ODC", expires="2026-12-01")
    house.store.put("ODC", "client-secret")
    own = OwnSecret("targets.odc.credentials.clientSecret", ref, Location("stagemail.yaml", 9, 5), "dies at once")
    found = look(house, own=[own])[-1]
    assert (found.ref, found.days_left, found.warning, found.note) == (
        "vault:ODC",
        9,
        "runs out on 2026-12-01: renew it this week",
        "dies at once",
    )
    assert found.uses[0].location == Location("stagemail.yaml", 9, 5)


def test_a_refused_grant_is_a_failure_and_its_store_is_not_asked(house) -> None:
    house.fields[email.HOST] = "smtp.evil.example"
    (found,) = look(house)
    assert found.failure is not None
    assert 'destinations: ["smtp.evil.example:587"]' in found.failure.hint
    assert (found.conclusion, exit_worth((found,), ())) == ("", "failed")
    assert house.store.reads == []
