"""The whole way over every target: plan, apply, read back, plan again, under each profile of the emulated ODC."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from tests.contract.target_bench import ADAPTERS, Bench, Emulators, OdcBench, bench_of
from tests.contract.test_target import seen
from tests.unit.target.clocks import FakeClock

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.grant import Grant
from stagemail.model.location import Place
from stagemail.model.policy import Policy
from stagemail.model.revision import Loaded, Revision
from stagemail.model.run import Run
from stagemail.model.secret import SecretRef
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.once import once, plan
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World
from stagemail.record.memory import MemoryRecord
from stagemail.secret.memory import MemoryStore

PLACE = Place("environments/qa/email.yaml")


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    running = Emulators()
    yield running
    running.close()


@dataclass
class Site:
    """A stage on some platform, a record, a secret store, and what Git wants."""

    bench: Bench
    fields: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.record = MemoryRecord(b"k" * 32)
        self.store = MemoryStore({"SMTP_QA": "first-password"})
        self._ids = count(1)
        self.fields = {
            email.HOST: "SMTP.Example.com",
            email.PORT: 587,
            email.SECURITY: "starttls",
            email.AUTH_TYPE: "basic",
            email.USERNAME: "mailer",
            email.PASSWORD: SecretRef("vault", "SMTP_QA"),
            email.SENDER_NAME: "Example QA",
            email.SENDER_ADDRESS: "no-reply@QA.example.com",
            email.RECIPIENTS_MODE: "set-in-app",
        }
        if self.bench.lists:
            self.fields |= {
                email.RECIPIENTS_MODE: "test-list",
                email.TEST_LIST: ("QA team <qa@example.com>", "b@example.com"),
            }

    def request(self) -> Request:
        apps = (Selector("*App"), Selector("CRM"), Selector("Billing"))
        bound = (Binding("all", apps, (), {}, PLACE),)
        desired = Desired("qa", Configuration("relay", dict(self.fields), PLACE), bound)
        hold = Policy("qa", "non-production").hold - {"takeover"}
        return Request("qa", Loaded(Revision("a" * 40), {"qa": desired}), Policy("qa", "non-production", hold=hold))

    def world(self) -> World:
        grant = Grant(("qa",), "vault", "SMTP_*", ("smtp.example.com:587", "smtp.example.com:2525"))
        clock = self.bench.clock if isinstance(self.bench, OdcBench) else FakeClock()
        return World(
            target=self.bench.target,
            target_name="odc",
            record=self.record,
            leases=self.record,
            standings=self.record,
            credentials=Credentials({"vault": self.store}, [grant], b"k" * 32, None),
            clock=clock,
            new_id=lambda: f"run-{next(self._ids)}",
            scope="organization",
            owner="test",
            actor="tester",
        )

    def apply(self) -> Run:
        return once(self.request(), self.world())

    def steps(self) -> list[tuple[str, str, bool]]:
        made = plan(self.request(), self.world()).plan
        return [(step.label, step.action, step.if_pending) for step in made.steps if not step.if_pending]


@pytest.fixture(params=ADAPTERS)
def site(request: pytest.FixtureRequest, emulators: Emulators) -> Iterator[Site]:
    """A stage on each adapter."""
    bench = bench_of(request.param, emulators)
    yield Site(bench)
    bench.close()


def test_a_stage_is_applied_and_then_there_is_nothing_left_to_do(site: Site) -> None:
    run = site.apply()
    assert (run.status, run.live, run.apps, run.not_live) == ("done", 3, 3, ())
    assert site.steps() == []
    fields = seen(site.bench, "CRM").fields
    assert fields[email.HOST].live == "smtp.example.com"
    if site.bench.lists:
        assert fields[email.RECIPIENTS_MODE].live == "test-list"
    assert site.bench.holds(email.PASSWORD, "first-password", "FieldApp")
    before = site.bench.writes()
    assert site.apply().status == "done"
    assert site.bench.writes() == before


def test_a_changed_port_becomes_live_in_every_app(site: Site) -> None:
    site.apply()
    site.fields[email.PORT] = 2525
    assert ("qa", "write", False) in site.steps()
    run = site.apply()
    assert (run.status, run.live, run.not_live) == ("done", 3, ())
    assert {seen(site.bench, app).fields[email.PORT].live for app in ("CRM", "Billing", "FieldApp")} == {2525}
    assert site.steps() == []


def test_a_rotated_secret_becomes_live_in_every_app(site: Site) -> None:
    site.apply()
    site.store = MemoryStore({"SMTP_QA": "second-password"})
    run = site.apply()
    assert (run.status, run.not_live) == ("done", ())
    assert all(site.bench.holds(email.PASSWORD, "second-password", app) for app in ("CRM", "Billing", "FieldApp"))
    assert site.steps() == []


def test_a_port_changed_by_hand_is_seen_as_drift_and_mended(site: Site) -> None:
    site.apply()
    site.bench.set(email.PORT, 2526)
    assert ("qa", "write", False) in site.steps()
    assert site.apply().status == "done"
    assert seen(site.bench, "CRM").fields[email.PORT].live == 587


def test_a_test_list_turned_off_by_hand_is_turned_on_again(site: Site) -> None:
    site.apply()
    if not site.bench.lists:
        return
    site.bench.set(email.RECIPIENTS_MODE, "set-in-app", "CRM")
    assert seen(site.bench, "CRM").fields[email.RECIPIENTS_MODE].live == "set-in-app"
    assert site.apply().status == "done"
    assert seen(site.bench, "CRM").fields[email.RECIPIENTS_MODE].live == "test-list"


def test_authentication_is_taken_away_and_nothing_is_left_pending(site: Site) -> None:
    site.apply()
    for name in (email.USERNAME, email.PASSWORD):
        del site.fields[name]
    site.fields[email.AUTH_TYPE] = "none"
    held = site.apply()
    assert held.status == "held"
    request = site.request()
    policy = Policy("qa", "non-production", hold=frozenset())
    run = once(Request("qa", request.loaded, policy), site.world())
    assert (run.status, run.not_live) == ("done", ())
    assert seen(site.bench, "CRM").fields[email.AUTH_TYPE].live == "none"
    assert not any(each.pending for each in seen(site.bench, "CRM").fields.values())
    assert site.steps() == []


def test_pending_values_of_others_hold_the_app_and_stay_pending(site: Site) -> None:
    site.bench.leave_pending("CRM")
    run = site.apply()
    assert run.status in ("held", "partial") or site.bench.stage_live
    assert seen(site.bench, "CRM").foreign != ()
