"""Operator: who the platforms are, which stages there are, who may use which secret, and what must be agreed to.

Not here: loading the file and its checks (``source.operator_file``), rules across its parts (``operator_checks``).
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, WithJsonSchema

from stagemail.model.gate import Approval
from stagemail.model.inventory import Purpose
from stagemail.model.policy import IfUnreachable, SelfHeal, Verify
from stagemail.model.step import HazardKind
from stagemail.resources.comparing import Comparing
from stagemail.resources.controller import Controller
from stagemail.resources.dns import DnsChecks
from stagemail.resources.duration import LastingSeconds, Seconds
from stagemail.resources.folders import Folders
from stagemail.resources.gating import Canary, Stop, Windows
from stagemail.resources.journal import Journal
from stagemail.resources.mail import MailChecks
from stagemail.resources.notifications import Notification
from stagemail.resources.plugins import Plugin
from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Document, Shape, Unique, rule
from stagemail.resources.sources import Source
from stagemail.resources.text import BRANCH_RULE, Folder, Line, Name, Share, matching
from stagemail.resources.web import Web

_FILE: Final = "stagemail design: the operator file"
Hazards = Annotated[list[HazardKind], Field(max_length=50), Unique()]


class Sync(Shape):
    """How far the controller and CI may go by themselves."""

    automated: bool = rule(
        "Apply what a new commit changes without a person's `apply`.", example=True, source=_FILE, default=False
    )
    self_heal: SelfHeal = rule(
        "Which drift is put right: none, recipients (only drift that widens who gets mail), all.",
        example="recipients",
        source=_FILE,
        default="recipients",
    )
    heal_after: Seconds = rule(
        "How long drift must last before it is put right.", example="10m", source=_FILE, default="0s"
    )
    preflight: bool = rule(
        "Before an automatic run pushes the server, try its settings with it; nothing is sent.",
        example=True,
        source=_FILE,
        default=False,
    )
    preflight_failure: Literal["warn", "block"] = rule(
        "What a preflight that fails does: warn, since this machine is not the platform, or block the push.",
        example="block",
        source=_FILE,
        default="warn",
    )


class Rotation(Shape):
    """How a new credential is tried before it replaces the one that works."""

    verify: Verify = rule(
        "smtp: log in to the mail server with a new credential (connect, TLS, AUTH; nothing is sent) and push it only "
        "if it is accepted; none: push it untried.",
        example="smtp",
        source="stagemail design: make before break; RFC 4954",
        default="none",
    )
    if_unreachable: IfUnreachable = rule(
        "Where the server cannot be asked from the machine that runs stagemail: keep the live credential and try again "
        "in the next run, or push the new one untried.",
        example="push",
        source="stagemail design: a runner is not the platform",
        default="keep",
    )


class Stage(Shape):
    """One stage: where it is, what it is for, where its documents are."""

    target: Name = rule("A target of this file.", example="odc", source=_FILE)
    environment: Line = rule(
        "The platform's name or key of the stage; never two stages on one.", example="QA", source="ODC docs: stages"
    )
    purpose: Purpose = rule(
        "What the stage is for; never weaker than what the platform says.",
        example="non-production",
        source="ODC docs: stages",
    )
    folders: Annotated[list[Folder], Field(min_length=1, max_length=50), Unique()] | None = rule(
        "The folders of the stage's documents, from the repository's root; left out: <source.path>/<stage>.",
        example=["environments/qa", "environments/shared"],
        source=_FILE,
        default=None,
    )
    sync: Sync = rule(
        "How far the controller and CI may go by themselves.", example={"automated": True}, source=_FILE, default=Sync()
    )
    rotation: Rotation = rule(
        "How a new credential is tried before it replaces the one that works.",
        example={"verify": "smtp"},
        source="stagemail design: make before break",
        default=Rotation(),
    )
    source: Name | None = rule(
        "Where its documents are: one of `sources`. Left out: `source`.", example="shop", source=_FILE, default=None
    )
    depends_on: Annotated[list[Name], Field(max_length=100), Unique()] = rule(
        "Stages that come first: the controller waits until they are Ready with a revision; with `soak`, so does "
        "`apply --automatic`.",
        example=["development"],
        source=_FILE,
        default=[],
    )
    soak: Seconds = rule(
        "How long the stages of `dependsOn` must have been Ready with a revision before this one follows.",
        example="1h",
        source=_FILE,
        default="0s",
    )
    windows: Windows = rule(
        "When the stage may be written.",
        example={"sync": [{"days": ["tue"], "begin": "09:00", "end": "16:00", "zone": "Europe/Berlin"}]},
        source=_FILE,
        default=Windows(),
    )
    approval: Approval = rule(
        "Whether automatic runs wait for `stagemail approve` by another person than the commit's author.",
        example="manual",
        source=_FILE,
        default="none",
    )
    canary: Canary | None = rule(
        "A few apps first, and the rest after a while. Left out: all apps at once.",
        example={"apps": 1, "soak": "10m"},
        source=_FILE,
        default=None,
    )
    observe: LastingSeconds | None = rule(
        "How often this stage is looked at for drift. Left out: `controller.observe`.",
        example="30m",
        source=_FILE,
        default=None,
    )


class Grant(Shape):
    """Lets stages send credentials of a store to destinations. What no grant names is refused."""

    stages: Annotated[list[Name], Field(min_length=1, max_length=100), Unique()] = rule(
        "The stages it is for.", example=["qa"], source=_FILE
    )
    store: Name = rule("The secret store.", example="env", source=_FILE)
    keys: Line = rule("The keys, as a pattern in which only * is special.", example="SMTP_QA*", source=_FILE)
    destinations: Annotated[list[Line], Field(min_length=1, max_length=100), Unique()] = rule(
        "Where the credentials may be sent: host:port of SMTP servers, or token URLs.",
        example=["smtp.example.com:587"],
        source=_FILE,
    )


class MassChange(Shape):
    """When a plan is a mass change: more than so many resources and more than that share of what is applied."""

    absolute: Annotated[int, Field(ge=0)] = rule("Resources.", example=10, source=_FILE, default=10)
    relative: Share = rule("Share of what is applied.", example="30%", source=_FILE, default="30%")


class Guards(Shape):
    """Which hazards hold a step, for all stages of one purpose."""

    hold: Hazards = rule(
        "Hazards that hold besides those that always do.", example=["production-test-list-on"], source=_FILE, default=[]
    )
    warn: Hazards = rule("Hazards that only warn.", example=["takeover"], source=_FILE, default=[])
    mass_change: MassChange = rule(
        "When a plan is a mass change.", example={"absolute": 10, "relative": "30%"}, source=_FILE, default=MassChange()
    )


_STATE: Final = rf"^((sqlite:///|postgresql://)[^\u0000-\u0020\u007f-\u009f]+$|git-branch:{BRANCH_RULE})"
State = Annotated[
    str,
    Field(max_length=1000),
    matching(_STATE),
    WithJsonSchema({"type": "string", "maxLength": 1000, "pattern": _STATE}),
]
Targets = dict[Name, Annotated[Any, Plugin("targets", "target")]]
Stores = dict[Name, Annotated[Any, Plugin("stores", "secret store")]]


class Operator(Document, Folders):
    """Identity, trust and policy. No secret is in it."""

    kind: Literal["Operator"] = rule("This kind.", example="Operator", source=_FILE)
    source: Source = rule("Where the documents are.", example={"path": "environments"}, source=_FILE, default=Source())
    sources: Annotated[dict[Name, Source], Field(max_length=1000)] = rule(
        "More places with documents, by a name of your choice; a stage says with `source` that it is there.",
        example={"shop": {"url": "https://git.example.com/shop.git", "branch": "main"}},
        source=_FILE,
        default={},
    )
    controller: Controller = rule(
        "How `stagemail controller` works.", example={"poll": "60s"}, source=_FILE, default=Controller()
    )
    stop: Stop | None = rule(
        "Stops every write to every platform while it is there.",
        example={"reason": "the mail provider is down"},
        source=_FILE,
        default=None,
    )
    state: State = rule(
        "Where the record is kept: sqlite:///FILE (beside this file), postgresql://…, git-branch:BRANCH.",
        example="sqlite:///stagemail.db",
        source=_FILE,
        default="sqlite:///stagemail.db",
    )
    state_key: SecretReference | None = rule(
        "The secret that seals a record on a branch, or is the key of fingerprints in PostgreSQL: at least 32 letters, "
        "the same for every job and host that uses the record.",
        example={"secretRef": {"store": "env", "key": "RECORD_KEY"}},
        source=_FILE,
        default=None,
    )
    journal: Journal | None = rule(
        "Where the controller copies the journal to, so that the database is not its only copy. Left out: nowhere.",
        example={"branch": "stagemail-journal", "key": {"secretRef": {"store": "env", "key": "JOURNAL_KEY"}}},
        source=_FILE,
        default=None,
    )
    state_password: SecretReference | None = rule(
        "The password of the user that `state: postgresql://…` names. Left out: PGPASSFILE, ~/.pgpass or PGPASSWORD.",
        example={"secretRef": {"store": "env", "key": "RECORD_PASSWORD"}},
        source="postgresql.org: libpq, the password file",
        default=None,
    )
    targets: Annotated[Targets, Field(min_length=1)] = rule(
        "The platforms, by a name of your choice.",
        example={
            "odc": {
                "type": "odc",
                "domain": "example.outsystems.dev",
                "credentials": {
                    "clientId": "3f2a91c0-stagemail",
                    "clientSecret": {"secretRef": {"store": "env", "key": "ODC_CLIENT_SECRET"}},
                },
            }
        },
        source=_FILE,
    )
    stages: Annotated[dict[Name, Stage], Field(min_length=1)] = rule(
        "The stages, by the name that the documents use.",
        example={"qa": {"target": "odc", "environment": "QA", "purpose": "non-production"}},
        source=_FILE,
    )
    secret_stores: Stores = rule(
        "The secret stores, by the name that references use.",
        example={"env": {"type": "env", "prefix": "STAGEMAIL_"}},
        source=_FILE,
        default={},
    )
    grants: Annotated[list[Grant], Field(max_length=1000)] = rule(
        "Who may send which credential where.",
        example=[{"stages": ["qa"], "store": "env", "keys": "SMTP_QA*", "destinations": ["smtp.example.com:587"]}],
        source=_FILE,
        default=[],
    )
    guards: dict[Purpose, Guards] = rule(
        "Which hazards hold, by the purpose of the stage.",
        example={"production": {"hold": ["production-test-list-on", "mass-change"]}},
        source=_FILE,
        default={},
    )
    notifications: Annotated[dict[Name, Notification], Field(max_length=100)] = rule(
        "Whom `stagemail controller` tells what happened, by a name of your choice.",
        example={"ops": {"url": {"secretRef": {"store": "env", "key": "NOTIFY_OPS"}}}},
        source=_FILE,
        default={},
    )
    web: Web | None = rule(
        "Where `stagemail controller` listens for webhooks and shows health and metrics. Left out: nowhere.",
        example={"listen": "127.0.0.1:8090"},
        source=_FILE,
        default=None,
    )
    own_domains: Annotated[list[Line], Field(max_length=1000), Unique()] = rule(
        "Your own mail domains: test lists with addresses elsewhere are reported.",
        example=["example.com"],
        source="stagemail design: hazard test-list-outside-domain",
        default=[],
    )
    compare: Comparing = rule(
        "Which fields `stagemail compare` takes for meant to differ.",
        example={"meantToDiffer": {"server.port": "each relay listens on a port of its own"}},
        source=_FILE,
        default=Comparing(),
    )
    mail: MailChecks = rule(
        "What preflight and test messages may do.",
        example={"networks": ["10.20.0.0/16"], "testRecipients": ["@example.com"]},
        source=_FILE,
        default=MailChecks(),
    )

    dns: DnsChecks = rule(
        "How `check-sender` asks DNS.",
        example={"nameservers": ["192.0.2.53"], "relays": {"smtp.example.com": ["203.0.113.25"]}},
        source=_FILE,
        default=DnsChecks(),
    )

    def within(self, source: str | None) -> "Operator":
        """The same file with the stages of one source only, as a repository of many sees it."""
        mine = {name: stage for name, stage in self.stages.items() if stage.source == source}
        where = self.source if source is None else self.sources[source]
        return self.model_copy(update={"stages": mine, "source": where})
