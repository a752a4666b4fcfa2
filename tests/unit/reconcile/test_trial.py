"""Make before break: a new credential replaces the live one only once its server has accepted it."""

import pytest

from stagemail.cli import exits
from stagemail.errors import UserMustFix
from stagemail.mail.memory import MemoryProbe
from stagemail.model import email
from stagemail.model.probe import Extent, Probed, ProbeStep
from stagemail.model.secret import SecretRef
from stagemail.reconcile.once import once, plan

RELAY = "smtp.example.com:587"


@pytest.fixture
def rotating(make_house):
    """A stage whose first password is live, with a second one in the store."""
    house = make_house(policy={"verify": "smtp"}, probe=MemoryProbe({RELAY: {"mailer": "first-password"}}))
    assert once(house.request(), house.world()).status == "done"
    house.store.put("SMTP_QA", "second-password")
    house.probe.asked.clear()
    house.target.ledger.clear()
    return house


def holds(house, text: str) -> bool:
    return bool(house.target.holds(house.apps["CRM"], email.PASSWORD, text))


def told(run) -> str:
    return " ".join(outcome.message for outcome in run.outcomes)


def test_an_accepted_password_is_pushed_after_one_login_in_which_nothing_was_sent(rotating) -> None:
    rotating.probe.logins[RELAY] = {"mailer": "second-password"}
    run = once(rotating.request(), rotating.world())
    assert (run.status, exits.of_run(run)) == ("done", 0)
    assert rotating.probe.asked == [(RELAY, Extent(until="auth"))]
    assert rotating.probe.letters == []
    assert f"{RELAY} accepts the login (tried from memory, nothing was sent)" in told(run)
    assert holds(rotating, "second-password")


def test_a_refused_password_leaves_the_old_one_and_the_run_says_so_and_exits_5(rotating) -> None:
    run = once(rotating.request(), rotating.world())
    assert (run.status, exits.of_run(run)) == ("partial", 5)
    assert rotating.target.ledger == []
    assert holds(rotating, "first-password")
    assert f"not sent: {RELAY} refuses the login" in told(run)
    assert "the credential that is live stays" in told(run)
    assert "second-password" not in repr(run)
    again = once(rotating.request(), rotating.world())
    assert exits.of_run(again) == 5
    assert holds(rotating, "first-password")


@pytest.mark.parametrize(
    ("choice", "password", "code"), [("keep", "first-password", 5), ("push", "second-password", 0)]
)
def test_a_server_that_cannot_be_asked_from_here_is_the_operators_choice(rotating, choice, password, code) -> None:
    rotating.probe.logins.clear()
    rotating.policy["verify_unreachable"] = choice
    run = once(rotating.request(), rotating.world())
    assert exits.of_run(run) == code
    assert holds(rotating, password)
    assert f"{RELAY} could not be asked: connect" in told(run)
    assert "the platform may reach it" in told(run)
    assert any(outcome.retry for outcome in run.outcomes) is (choice == "keep")


class Busy(MemoryProbe):
    """Answers the login with a temporary refusal."""

    def probe(self, server, extent):  # type: ignore[no-untyped-def]
        step = ProbeStep("auth", "failed", reply="454 try later", cause="the server is busy", retry=True)
        return Probed(server.destination, "memory", (step,))


def test_a_temporary_refusal_is_no_refusal_and_the_next_run_tries_again(rotating) -> None:
    rotating.probe = Busy({})
    run = once(rotating.request(), rotating.world())
    assert (exits.of_run(run), holds(rotating, "first-password")) == (5, True)
    assert any(outcome.retry for outcome in run.outcomes)


def test_a_plan_and_a_run_without_a_new_credential_try_nothing(rotating) -> None:
    plan(rotating.request(), rotating.world())
    rotating.store.put("SMTP_QA", "first-password")
    once(rotating.request(), rotating.world())
    rotating.fields[email.SENDER_ADDRESS] = "other@example.com"
    once(rotating.request(), rotating.world())
    assert rotating.probe.asked == []


def test_without_the_option_nothing_is_tried(rotating) -> None:
    rotating.policy["verify"] = "none"
    once(rotating.request(), rotating.world())
    assert rotating.probe.asked == []
    assert holds(rotating, "second-password")


def test_only_the_connection_waits_for_a_refused_password(rotating) -> None:
    rotating.fields[email.SENDER_ADDRESS] = "other@example.com"
    run = once(rotating.request(), rotating.world())
    assert exits.of_run(run) == 5
    assert rotating.observed(rotating.key).fields[email.SENDER_ADDRESS].value == "other@example.com"
    assert holds(rotating, "first-password")


def test_the_login_is_tried_where_the_new_password_will_be_used(rotating) -> None:
    rotating.fields[email.PORT] = 25
    rotating.probe.logins = {"smtp.example.com:25": {"mailer": "second-password"}}
    run = once(rotating.request(), rotating.world())
    assert rotating.probe.asked == [("smtp.example.com:25", Extent(until="auth"))]
    assert run.status == "done"


def test_a_new_client_secret_buys_a_token_first(make_house) -> None:
    house = make_house(policy={"verify": "smtp"}, probe=MemoryProbe({RELAY: {"client": "old-secret"}}))
    house.grant_more("https://login.example.com/token")
    del house.fields[email.USERNAME], house.fields[email.PASSWORD]
    house.fields |= {
        email.AUTH_TYPE: "oauth2",
        email.TOKEN_URL: "https://login.example.com/token",
        email.CLIENT_ID: "client",
        email.CLIENT_SECRET: SecretRef("vault", "SMTP_QA"),
        email.SCOPES: ("mail",),
    }
    run = once(house.request(), house.world())
    assert exits.of_run(run) == 5
    assert all(
        key.kind == "binding" or "authentication.clientSecret" not in sent for key, _, sent in house.target.ledger
    )
    house.probe.logins[RELAY] = {"client": "first-password"}
    assert once(house.request(), house.world()).status == "done"


def test_nobody_to_ask_is_said_before_anything_is_written(rotating) -> None:
    rotating.probe = None
    with pytest.raises(UserMustFix, match="needs a way to speak with mail servers"):
        once(rotating.request(), rotating.world())
    assert rotating.target.ledger == []
