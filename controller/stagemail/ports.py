"""The ports: what the use cases need from the world, in model types only, at most five methods each.

Every port ships an in-memory adapter as product code, and one contract suite (``tests/contract``) runs over every
adapter. Not here: adapters (floor 3) and who builds them (``wiring``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from stagemail.dataclass import dataclass

if TYPE_CHECKING:  # a port names its types; whoever uses one has loaded what it uses
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from stagemail.model.cost import Cost
    from stagemail.model.dns import Answer, RecordKind
    from stagemail.model.field import Value
    from stagemail.model.happening import Happening
    from stagemail.model.inventory import Inventory, StageIdentity
    from stagemail.model.job import Depth, Job
    from stagemail.model.key import Key
    from stagemail.model.location import Location, Place
    from stagemail.model.message import Message, MessageState
    from stagemail.model.notice import CommitStatus, Notice
    from stagemail.model.probe import Extent, Letter, Probed, Sent, Server
    from stagemail.model.problem import Problem
    from stagemail.model.revision import Advance, Commit, Loaded, Revision
    from stagemail.model.run import Intent, Operation, Outcome, Run
    from stagemail.model.secret import Secret, SecretRef, SecretVersion
    from stagemail.model.snapshot import Applied, AppliedResource, Capabilities, Desired, Observed
    from stagemail.model.standing import Audit, Decision, Standing
    from stagemail.model.step import Step
    from stagemail.model.verdict import Verdict


class Clock(Protocol):
    """Time as an argument."""

    def now(self) -> datetime:
        """The time of day, in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


def _equal(_field: str, one: Value, other: Value) -> bool:
    return bool(one == other)


class Source(Protocol):
    """Desired state at one revision of one repository or working tree."""

    def revision(self) -> Revision:
        """What is being looked at. Raises NotFound, Unreachable."""
        ...

    def load(self) -> Loaded:
        """Every stage's desired state and every problem. Raises InvalidInput only if nothing at all is readable."""
        ...

    def locate(self, place: Place) -> Location:
        """The line and column of a place, by composing its file again."""
        ...

    def changed_by(self, location: Location) -> Commit | None:
        """Who last changed this line; None outside Git or for an uncommitted line."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """What a target says of a stage's desired state without any credential."""

    capabilities: Capabilities
    problems: tuple[tuple[Place, Problem], ...] = ()
    """Problems by place; their location is filled in by whoever can locate."""
    same: Callable[[str, Value, Value], bool] = _equal
    """Whether two values of a field are one to this platform: the codec's equality (``True`` = ``true``)."""


class Target(Protocol):
    """One platform: observes and writes stages. ``stage`` is always the operator file's name of it."""

    def check(self, desired: Desired) -> Check:
        """What can be set, what is only verified, what is refused. Pure: no network, no credential."""
        ...

    def inventory(self, stage: str) -> Inventory:
        """The stage and its deployed apps. Raises NotFound, NotPermitted, IncompleteListing, TryLater."""
        ...

    def observe(self, stage: str, keys: Sequence[Key]) -> Observed:
        """What the platform has now. Raises NotPermitted, MappingMismatch, TryLater. A key that is gone is left out."""
        ...

    def begin(self, step: Step, secrets: Mapping[str, Secret]) -> Operation:
        """Send one step (``write`` or ``activate``); secrets by field name.

        Raises OutcomeUnknown where the answer never came, NotPermitted, RateLimited, ReadOnly.
        A write that returns has been answered; whether it was taken is seen by reading.
        """
        ...

    def poll(self, operations: Sequence[Operation]) -> Mapping[Operation, Outcome | None]:
        """The outcome of each operation, None while it runs. Finds an operation whose id was lost.

        An activation that was never received is an Outcome with status "unknown".
        """
        ...


@runtime_checkable
class Limited(Protocol):
    """A target whose platform publishes limits says what a look costs; other targets leave it out."""

    def cost(self, keys: Sequence[Key]) -> Cost:
        """Of observing all of this once more, listings included, after they were read. Asks the platform nothing."""
        ...

    def make_room(self) -> None:
        """Wait until the limits let one activation begin, and keep its place for a moment.

        What is read after it and before the activation is then read directly before.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry of the platform that may be a logical field. ``evidence`` says what speaks for it."""

    field: str
    key: str
    name: str
    level: str
    data_type: str
    is_secret: bool
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What discovery found in one stage: one entry per field, the fields that have none, and those with several."""

    stage: str
    identity: StageIdentity
    found: tuple[Candidate, ...] = ()
    missing: tuple[str, ...] = ()
    ambiguous: tuple[tuple[str, tuple[Candidate, ...]], ...] = ()


class Discovery(Protocol):
    """Finds out which of a platform's entries are our fields."""

    def discover(self, stages: Sequence[str]) -> tuple[Discovered, ...]:
        """Look at the platform and name the entries. Writes nothing to the platform."""
        ...

    def write_mapping(self, discovered: Sequence[Discovered]) -> str:
        """Merge into the admin-editable mapping and give its text; an admin's own choices in it are kept."""
        ...


class SecretStore(Protocol):
    """Reads credentials. Never lists, never writes."""

    def read(self, ref: SecretRef) -> SecretVersion:
        """The value.

        Raises NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable, each with the next
        step.
        """
        ...

    def origin(self, ref: SecretRef) -> str:
        """Where the value comes from, in words and without the value: "environment variable STAGEMAIL_SMTP_QA"."""
        ...


class MailProbe(Protocol):
    """Speaks with mail servers. What a server does is never an exception: it is a step that failed, with its cause."""

    def probe(self, server: Server, extent: Extent) -> Probed:
        """A conversation in which nothing is sent: as far as ``extent`` says, or until a step fails."""
        ...

    def send(self, server: Server, letter: Letter, begin: Callable[[], None]) -> Sent:
        """Send one letter to all of its recipients, or to none.

        ``begin`` is called once, after every recipient was accepted and directly before DATA: what it records is there
        before the letter can be. What ``begin`` raises ends the conversation and is raised.
        """
        ...


class Resolver(Protocol):
    """DNS as seen from one place. Thread-safe."""

    def ask(self, name: str, kind: RecordKind) -> Answer:
        """The records of a name (ASCII, without a final dot); never raises: what DNS does is data."""
        ...


class Outbox(Protocol):
    """The books of test messages: what is about to be sent, before it is, and what became of it."""

    def begin(self, message: Message) -> None:
        """Record this attempt durably. Raises Busy where the same attempt of the same id is recorded already."""
        ...

    def settle(self, message: Message, state: MessageState, reply: str) -> None:
        """Record what became of an attempt. Raises NotFound."""
        ...

    def messages(self) -> tuple[Message, ...]:
        """Every attempt, oldest first. Raises CorruptRecord."""
        ...


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to one organization. ``fence`` grows by one with every new holder."""

    scope: str
    owner: str
    fence: int
    until: datetime


class Leases(Protocol):
    """Who may write to an organization now."""

    def acquire(self, scope: str, owner: str, now: datetime, seconds: float) -> Lease:
        """Take it. Raises Busy with the holder and since when."""
        ...

    def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        """Keep it. Raises LeaseLost."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back; no error if it was lost."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to record; exactly one of the members is set. All entries of one append land, or none."""

    run: Run | None = None
    """A run that began or changed (same id: replaced)."""
    intent: Intent | None = None
    """Open until an outcome names its id."""
    settled: tuple[str, Outcome] | None = None
    """The id of the intent, and what became of it."""
    applied: AppliedResource | None = None
    forgotten: Key | None = None
    identity: tuple[str, StageIdentity] | None = None
    standing: Standing | None = None
    """How a stage stands now; the only entry that leaves no event."""
    decision: Decision | None = None


class Rekeying(Protocol):
    """A record whose key of secret fingerprints can be changed."""

    def rekey(self, key: bytes, resources: Sequence[AppliedResource], lease: Lease) -> None:
        """Take a new key, and the resources with their fingerprints made by it: both durably, or neither.

        Every other fingerprint in the record becomes ``model.secret.UNKNOWN``. Raises LeaseLost, and UserMustFix where
        this record cannot do it.
        """
        ...


class Record(Protocol):
    """Our memory: what we applied, what we are about to do, and what was done."""

    def append(self, entries: Iterable[Entry], lease: Lease | None) -> None:
        """All of them durably, or none. With a lease: raises LeaseLost when its fence is no longer the newest."""
        ...

    def applied(self, stage: str) -> Applied:
        """What we last wrote and saw accepted."""
        ...

    def stages_of(self, key: str) -> tuple[str, ...]:
        """The stages whose identity has this key, sorted; as quick with ten thousand stages as with ten."""
        ...

    def open_intents(self, stage: str) -> tuple[Intent, ...]:
        """Intents without an outcome, oldest first."""
        ...

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """Runs of one stage or of all, newest first: in the order in which they were first recorded."""
        ...

    def fingerprint_key(self) -> bytes:
        """The key of secret fingerprints (32 bytes), made on first use and kept beside the record (0600)."""
        ...


class Standings(Protocol):
    """Our memory of how stages stand and what people decided; ``Record.append`` writes it."""

    def standing(self, stage: str) -> Standing:
        """How a stage stands; an empty one where nothing is known."""
        ...

    def decisions(self) -> tuple[Decision, ...]:
        """The newest decisions about all stages, in the order in which they were taken; all that can still count."""
        ...

    def audit(self) -> Audit:
        """Go through the whole journal: was anything altered, removed, added or moved?"""
        ...


class Follower(Protocol):
    """One branch of one repository that the controller follows. Safe to be used from several threads."""

    def look(self) -> Verdict:
        """Bring our copy up to date, and judge what is new: the branch's newest commit, and the one to follow.

        Raises Unreachable, NotFound, NotPermitted, UserMustFix.
        """
        ...

    def contents(self, revision: str) -> Mapping[str, str]:
        """By stage, what its documents are at a revision: equal text, equal documents. "" where there are none."""
        ...

    def load(self, revision: str) -> Loaded:
        """Every stage's desired state at a revision. Raises InvalidInput only if nothing at all is readable."""
        ...

    def advance(self, old: str, new: str) -> Advance:
        """The way from one revision to another. An ``old`` that is not in the repository any more is ``apart``."""
        ...


class Dispatcher(Protocol):
    """Who does which job when: in this process, or on many hosts."""

    def serve(self, work: Callable[[Job], None]) -> None:
        """Take jobs from now on and do them with this. ``work`` raises nothing."""
        ...

    def submit(self, job: Job) -> bool:
        """Have it done: after what waits already, never beside another of its key. False where it waits already."""
        ...

    def is_due(self, name: str, seconds: float) -> bool:
        """Whether periodic work is to be done now: True for one asker only, on whatever host, in so many seconds."""
        ...

    def depth(self) -> Depth:
        """How much waits, and how much is being done."""
        ...

    def stop(self, seconds: float) -> bool:
        """Begin nothing more, and wait at most so long for what is being done. False where something still is."""
        ...


class Observer(Protocol):
    """Is told what happens in the controller. Must be quick; what it raises is reported and stops nothing."""

    def saw(self, happening: Happening) -> None:
        """Something happened. Called from several threads."""
        ...


class Notifier(Protocol):
    """Tells people something, in one way."""

    def send(self, notice: Notice) -> None:
        """Send it once. Raises Unreachable, RateLimited where trying again may help; UserMustFix where not."""
        ...


class GitHost(Protocol):
    """The Git host of one repository."""

    def tell(self, status: CommitStatus) -> None:
        """Show it beside its commit, in place of the one before of the same context.

        Raises NotPermitted, NotFound, UserMustFix; Unreachable and RateLimited after some tries.
        """
        ...
