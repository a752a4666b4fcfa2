"""Plans, runs and problems that the report's tests render: small, and with everything that a report must show."""

from datetime import UTC, datetime

from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.location import Location
from stagemail.model.plan import Note, Plan
from stagemail.model.problem import Problem
from stagemail.model.run import Outcome, Run
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedField, AppliedResource
from stagemail.model.step import Change, Hazard, Step

REVISION = "3f2a91c4d5e60718293a4b5c6d7e8f9012345678"
STAGE = Key("qa", "configuration", "stage-key")
WIDENED = Hazard("recipients-widened", "set-in-app", "CRM: test list → real users")
APPS = ("Billing", "CRM", "FieldApp", "Portal", "PortalAdmin")


def app(name: str) -> Key:
    """The key of an app of QA."""
    return Key("qa", "binding", f"key-of-{name}")


NARROW = Step(
    "write",
    app("Billing"),
    "Billing",
    "recipients",
    0,
    (
        Change("recipients.mode", "set-in-app", "test-list", "drift"),
        Change("recipients.testList", (), ("QA team <qa@example.com>",), "drift"),
    ),
    ("changed outside Git", "binding customer-apps, by name"),
)
NARROW_LIVE = Step("activate", app("Billing"), "Billing", "live", 1, why=("make the recipients live",))
SETTINGS = Step(
    "write",
    STAGE,
    "qa",
    "connection",
    2,
    (
        Change("server.port", 25, 587, "changed"),
        Change("authentication.type", "basic", "basic", "together"),
        Change("authentication.username", "mailer@example.com", "mailer@example.com", "together"),
        Change(
            "authentication.password",
            SecretState("env:SMTP_QA", "7", "aa"),
            SecretState("env:SMTP_QA", "8", "bb"),
            "rotated",
        ),
    ),
    ("changed in Git", "secret rotated in its store", "configuration corporate-relay"),
)
SETTINGS_LIVE = tuple(
    Step(
        "activate",
        app(name),
        name,
        "live",
        3,
        why=("make the stage's settings live, where the platform left them pending",),
        if_pending=True,
    )
    for name in APPS
)
WIDEN = Step(
    "write",
    app("CRM"),
    "CRM",
    "recipients",
    4,
    (
        Change("recipients.mode", "test-list", "set-in-app", "changed"),
        Change("recipients.testList", ("CRM testers <crm-test@example.com>",), (), "changed"),
    ),
    ("changed in Git", "binding customer-apps, by name"),
    (WIDENED,),
    (WIDENED,),
)
NOTES = (
    Note("in-sync", "Portal", "binding portal, pattern Portal*"),
    Note("in-sync", "PortalAdmin", "binding portal, pattern Portal*"),
    Note("uncovered", "FieldApp", "bound by nobody: stagemail does not manage where its mail goes"),
    Note("verified-only", "server.security", "ODC has no field for transport security; preflight looks at it"),
    Note("waiting", "Shop", "not deployed here yet; bound by customer-apps as soon as it is"),
)
PLAN = Plan(
    "qa",
    "odc",
    REVISION,
    "0" * 64,
    StageIdentity("stage-key", "QA", "non-production"),
    (NARROW, NARROW_LIVE, SETTINGS, *SETTINGS_LIVE, WIDEN),
    NOTES,
    (AppliedResource(app("Portal"), "Portal", {"recipients.mode": AppliedField("test-list")}, REVISION),),
    apps=5,
)
EMPTY_PLAN = Plan("qa", "odc", REVISION, "0" * 64, StageIdentity("stage-key", "QA", "non-production"), apps=5)

PROBLEMS = (
    Problem(Location("environments/qa/email.yaml", 7, 11), "unknown-field", "`prot` is not a field", "write `port`"),
    Problem(
        Location("environments/qa/email.yaml", 1, 1),
        "two-configurations",
        "stage qa has two configurations",
        "keep one of them",
        related=(Location("environments/shared/relay.yaml", 3, 3),),
    ),
    Problem(Location("environments/qa/waivers.yaml", 5, 3), "waiver-expired", "expired 2026-01-01", "", "warning"),
    Problem(Location("environments"), "no-operator", "no operator file: grants were not checked", "", "note"),
)

AT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
RUN = Run(
    "run-1",
    "qa",
    REVISION,
    "ana",
    AT,
    "partial",
    datetime(2026, 11, 22, 21, 1, 5, tzinfo=UTC),
    (
        Outcome(SETTINGS.id, STAGE, "qa", "write", "done", fields=("server.port",)),
        Outcome(SETTINGS_LIVE[0].id, app("Billing"), "Billing", "activate", "failed", "platform is busy", retry=True),
        Outcome(WIDEN.id, app("CRM"), "CRM", "write", "held", "recipients-widened is not accepted"),
    ),
    3,
    5,
    ("Billing", "FieldApp"),
)
