"""Preflight of stages: grants first, all stages at the same time, and what an automatic run does with a failure."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from stagemail.cli import exits
from stagemail.errors import GrantRefused
from stagemail.mail.memory import MemoryProbe
from stagemail.model import email
from stagemail.model.grant import Grant
from stagemail.model.location import Place
from stagemail.model.probe import Extent, Letter, Probed, ProbeStep, Sent, Server
from stagemail.model.secret import SecretRef
from stagemail.model.snapshot import Configuration, Desired
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.preflight import noted, preflight, preflights
from stagemail.reconcile.stages import StageResult
from stagemail.secret.memory import MemoryStore

RELAY = "smtp.example.com:587"
GRANT = Grant(("qa",), "memory", "SMTP_QA", (RELAY,))


def desired(stage: str = "qa", **fields: object) -> Desired:
    plain = {
        email.HOST: "smtp.example.com", email.PORT: 587, email.SECURITY: "starttls", email.AUTH_TYPE: "basic",
        email.USERNAME: "mailer", email.PASSWORD: SecretRef("memory", "SMTP_QA"), email.SENDER_ADDRESS: "a@example.com",
    }  # fmt: skip
    return Desired(stage, Configuration("relay", {**plain, **fields}, Place("environments/qa/email.yaml", 0)))


def credentials(store: MemoryStore) -> Credentials:
    return Credentials({"memory": store}, (GRANT,), bytes(32), None)


def test_the_stages_own_settings_sender_and_credential_are_tried() -> None:
    probe = MemoryProbe({RELAY: {"mailer": "s3cret"}})
    found = preflight(desired(), Extent(), credentials(MemoryStore({"SMTP_QA": "s3cret"})), probe)
    assert found.passed
    assert probe.asked == [(RELAY, Extent(sender="a@example.com"))]
    assert probe.letters == []


def test_a_file_that_changes_the_host_is_refused_before_any_store_or_server_is_asked() -> None:
    store, probe = MemoryStore({"SMTP_QA": "s3cret"}), MemoryProbe({"evil.example:587": {}})
    changed = desired(**{email.HOST: "evil.example"})
    with ThreadPoolExecutor(1) as executor:
        (result,) = preflights((changed,), Extent(), credentials(store), probe, executor)
    assert isinstance(result.error, GrantRefused)
    assert (store.reads, probe.asked) == ([], [])


class Meeting:
    """A prober whose conversations end only when so many are under way at once."""

    def __init__(self, parties: int) -> None:
        self._barrier = threading.Barrier(parties)

    def probe(self, server: Server, extent: Extent) -> Probed:
        self._barrier.wait(120)
        return Probed(server.destination, "a test", (ProbeStep("connect", "passed"),))

    def send(self, server: Server, letter: Letter, begin: Callable[[], None]) -> Sent:
        raise AssertionError("preflight sends nothing")


def test_a_hundred_stages_are_under_way_at_the_same_time_and_answered_in_order() -> None:
    free = {email.AUTH_TYPE: "none", email.PASSWORD: None, email.USERNAME: None}
    stages = [desired(f"stage-{number}", **free) for number in range(100)]
    with ThreadPoolExecutor(100) as executor:
        found = preflights(stages, Extent(), credentials(MemoryStore()), Meeting(100), executor)
    assert [one.stage for one in found] == [one.stage for one in stages]
    assert all(one.value is not None and one.value.passed for one in found)


def automatic(make_house, **policy: object):
    automatic = bool(policy.pop("automatic", True))
    chosen = {"preflight": True, **policy}
    return make_house(automatic=automatic, policy=chosen, probe=MemoryProbe({RELAY: {"mailer": "another password"}}))


def told(run) -> str:
    return " ".join(outcome.message for outcome in run.outcomes)


def test_an_automatic_run_warns_of_a_failed_preflight_and_pushes(make_house) -> None:
    house = automatic(make_house)
    run = once(house.request(), house.world())
    assert exits.of_run(run) == 0
    assert "preflight failed at auth" in told(run) and "not from the platform" in told(run)
    assert house.target.ledger != []


def test_where_the_operator_says_block_the_connection_is_not_pushed(make_house) -> None:
    house = automatic(make_house, preflight_blocks=True)
    run = once(house.request(), house.world())
    assert exits.of_run(run) == 5
    assert "preflight failed at auth" in told(run)
    assert not house.target.holds(house.apps["CRM"], email.PASSWORD, "first-password")


def test_a_preflight_that_passes_is_told_and_the_settings_are_pushed(make_house) -> None:
    house = automatic(make_house, preflight_blocks=True)
    house.probe.logins[RELAY] = {"mailer": "first-password"}
    run = once(house.request(), house.world())
    assert exits.of_run(run) == 0
    assert "takes these settings" in told(run)


def test_a_persons_apply_and_a_run_without_the_setting_try_nothing(make_house) -> None:
    for policy in ({"automatic": False}, {"preflight": False}):
        house = automatic(make_house, **policy)
        once(house.request(), house.world())
        assert house.probe.asked == []


def test_a_plan_gets_a_note_of_what_was_found(make_house) -> None:
    house = automatic(make_house)
    made = plan(house.request(), house.world()).plan
    good = Probed(RELAY, "a test", (ProbeStep("auth", "passed"),))
    bad = Probed(RELAY, "a test", (ProbeStep("auth", "failed", code="wrong-password", cause="no", next_step="mend"),))
    assert [n.kind for n in noted(made, StageResult("qa", good)).notes if n not in made.notes] == ["preflight-passed"]
    (note,) = [n for n in noted(made, StageResult("qa", bad)).notes if n not in made.notes]
    assert (note.kind, note.message) == ("preflight-failed", "auth: no (from a test); mend")
