"""The net of a process, and what passes it on its way into the record."""

from datetime import UTC, datetime

from stagemail.model.condition import Condition
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.key import Key
from stagemail.model.policy import Policy
from stagemail.model.run import Intent, Outcome, Run
from stagemail.model.secret import Secret, SecretState
from stagemail.model.snapshot import Applied, AppliedField, AppliedResource
from stagemail.model.standing import Decision, Standing
from stagemail.planning.plan_wide import plan_wide
from stagemail.ports import Entry
from stagemail.reconcile.net import Net
from stagemail.reconcile.scrubbed import as_called, scrubbed

KEY = Key("qa", "configuration", "1")


def test_it_lets_go_of_what_was_not_learned_again_for_a_whole_turn() -> None:
    net = Net()
    for value in ("still-in-use", "rotated-away"):
        net.learn(Secret(value))
    for _ in range(2):
        assert net.scrub("still-in-use rotated-away") == "*** ***"
        net.turn()
        net.learn(Secret("still-in-use"))
    assert net.scrub("still-in-use rotated-away") == "*** rotated-away"


def test_of_an_address_its_password_and_its_tokens_are_known_by_themselves() -> None:
    net = Net()
    net.learn(Secret("slack://bot@T0123456789AB/B1C2D3E4F5G6/x%2Fy-0123456789/#alerts"))
    net.learn(Secret("https://ops:hunter%2F2@hooks.example.com/services/incoming?token=abc-0123456789&room=lobby"))
    said = "b3BzOmh1bnRlci8y hunter/2 B1C2D3E4F5G6 x/y-0123456789 abc-0123456789 services incoming lobby alerts bot"
    assert net.scrub(said) == "b3BzOm*** *** *** *** *** services incoming lobby alerts bot"
    net.learn(Secret("http://[broken"))


def test_what_is_recorded_has_no_known_value_in_its_messages() -> None:
    net = Net()
    net.learn(Secret("hunter2-hunter2"))
    told = Outcome("s", KEY, "QA", "write", "failed", "ODC answers 400: bad value aHVudGVyMi1odW50ZXIy")
    run = Run("r", "qa", "c0ffee", "ada", datetime(2026, 1, 1, tzinfo=UTC), outcomes=(told,))
    entries = [Entry(run=run), Entry(settled=("i", told)), Entry(forgotten=KEY)]
    kept = list(scrubbed(entries, net.scrub))
    assert "aHVudGVy" not in repr(kept)
    assert kept[0].run is not None
    assert kept[0].run.outcomes[0].message == "ODC answers 400: bad value ***"
    assert kept[2] == Entry(forgotten=KEY)


def test_an_app_that_is_called_like_a_credential_is_not_named_in_what_was_done() -> None:
    net = Net()
    net.learn(Secret("s3cr3t"))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    told = Outcome("s", KEY, "the app s3cr3t", "write", "done", "")
    entries = [
        Entry(intent=Intent("i", "r", KEY, "the app s3cr3t", "write", now)),
        Entry(settled=("i", told)),
        Entry(run=Run("r", "qa", "c0ffee", "ada", now, outcomes=(told,))),
    ]
    assert "s3cr3t" not in repr(list(scrubbed(entries, net.scrub)))


def test_names_of_a_platform_are_recorded_without_a_credential_and_known_again() -> None:
    """A stage, an app that is bound and an app that is not live may be called like one by a hostile platform."""
    net = Net()
    net.learn(Secret("s3cr3t"))
    app = Key("qa", "binding", "a")
    was = StageIdentity("e", "QA s3cr3t")
    run = Run("r", "qa", "c0ffee", "ada s3cr3t", datetime(2026, 1, 1, tzinfo=UTC), not_live=("CRM s3cr3t",))
    entries = [
        Entry(run=run),
        Entry(identity=("qa", was)),
        Entry(applied=AppliedResource(app, "CRM s3cr3t", {})),
        Entry(applied=AppliedResource(KEY, "relay", {})),
    ]
    kept = list(scrubbed(entries, net.scrub))
    assert "s3cr3t" not in repr(kept)
    assert kept[1].identity is not None and kept[2].applied is not None and kept[3].applied is not None
    recorded = Applied("qa", kept[1].identity[1], (kept[2].applied, kept[3].applied))
    now = Inventory(was, (App("CRM s3cr3t", "a"),))
    again = as_called(recorded, now, net.scrub)
    assert again.identity == was and [r.label for r in again.resources] == ["CRM s3cr3t", "relay"]
    assert not plan_wide(again, now, (), Policy("qa", "non-production"))
    assert as_called(recorded, now, str) == recorded, "who has read no secret does not know the name again"
    other = Inventory(StageIdentity("e", "QA2"), (App("CRM2", "a"),))
    assert len(plan_wide(as_called(recorded, other, net.scrub), other, (), Policy("qa", "non-production"))) == 2


def test_a_token_that_a_store_repeats_as_its_version_is_not_recorded() -> None:
    net = Net()
    net.learn(Secret("s3cr3t"))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rogue, good = SecretState("aws:k", "v-s3cr3t", "f00d"), SecretState("aws:k", "7", "f00d")
    fields = {"rogue": AppliedField(rogue, "s3cr3t"), "good": AppliedField(good, "2026-01-01")}
    entries = [
        Entry(intent=Intent("i", "r", KEY, "QA", "write", now, (("password", rogue), ("host", "mail")), "op-s3cr3t")),
        Entry(intent=Intent("j", "r", KEY, "QA", "activate", now, operation="op-7")),
        Entry(applied=AppliedResource(KEY, "QA", fields)),
        Entry(standing=Standing("qa", (Condition("Ready", "False", "Failed", "the password s3cr3t is wrong"),))),
        Entry(decision=Decision("d", "suspend", "qa", "ada", now, reason="s3cr3t was published")),
    ]
    kept = list(scrubbed(entries, net.scrub))
    assert "s3cr3t" not in repr(kept)
    intent, other, applied = kept[0].intent, kept[1].intent, kept[2].applied
    assert intent is not None and intent.operation == "", "an operation whose name was lost is found without"
    assert other is not None and other.operation == "op-7"
    assert intent.values == (("password", SecretState("aws:k", "", "f00d")), ("host", "mail"))
    assert applied is not None and applied.fields["good"] == fields["good"]
    assert list(scrubbed(entries, str)) == entries
