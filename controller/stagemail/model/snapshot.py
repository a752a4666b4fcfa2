"""The three sides of a diff: desired (Git), observed (the platform now) and applied (our own record).

Not here: comparing them (``planning``), building them (``source``, ``target``, ``record``).
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.field import Support, Value
from stagemail.model.inventory import StageIdentity
from stagemail.model.key import Key
from stagemail.model.location import Place
from stagemail.model.selector import Selector
from stagemail.model.waiver import Waiver


@dataclass(frozen=True, slots=True)
class SenderClaims:
    """What the file says of its sender for ``check-sender`` alone; no platform is told of it."""

    dkim_selectors: tuple[str, ...] = ()
    envelope_domain: str = ""


NO_CLAIMS = SenderClaims()


@dataclass(frozen=True, slots=True)
class Configuration:
    """An EmailConfiguration as written: fields that are desired, by name. A secret is a SecretRef here."""

    name: str
    fields: Mapping[str, Value]
    place: Place
    sender: SenderClaims = NO_CLAIMS


@dataclass(frozen=True, slots=True)
class Binding:
    """An AppBinding as written. ``fields`` is empty where it inherits the configuration's recipients."""

    name: str
    apps: tuple[Selector, ...]
    excluded: tuple[Selector, ...]
    fields: Mapping[str, Value]
    place: Place


@dataclass(frozen=True, slots=True)
class Desired:
    """What Git wants of one stage, before the platform's inventory turned names and patterns into keys."""

    stage: str
    configuration: Configuration | None = None
    bindings: tuple[Binding, ...] = ()
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that Git wants: the platform's key, the label people know, the fields, and why it is wanted."""

    key: Key
    label: str
    fields: Mapping[str, Value]
    place: Place | None = None
    reason: str = ""
    pattern: str = ""
    """The pattern that caught it; "" for an exact name or key."""


DEPLOYED: Final = "deployed"
"""Evidence of a stage's secret where the platform dates no write and tells of each app whether the secret was set after
its deploy: no app says so."""
SET_AFTER_DEPLOY: Final = "set after deploy"
"""The same, and an app says so."""


@dataclass(frozen=True, slots=True)
class ObservedField:
    """One field as the platform shows it.

    ``value`` is what is set, ``live`` what runs; they differ while a value is pending. ``is_default``: nobody set it.
    ``evidence`` is what the platform tells of the last write (ODC: updatedAt), "" where it tells nothing.
    ``set_at`` is only shown to people: when the platform says that this was set (ISO 8601), "" where it does not.
    """

    value: Value
    live: Value
    pending: bool = False
    is_default: bool = False
    evidence: str = ""
    set_at: str = ""

    @property
    def at(self) -> str:
        """When it was set, or the evidence where that is a time (ISO 8601); "" where nothing tells a time."""
        told = self.set_at or self.evidence
        try:
            datetime.fromisoformat(told)
        except ValueError:
            return ""
        return told if "T" in told else ""


@dataclass(frozen=True, slots=True)
class ObservedResource:
    """One resource as observed. ``foreign`` names pending values on it that are not fields of ours."""

    key: Key
    label: str
    fields: Mapping[str, ObservedField]
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What the platform has in one stage now, for the keys that were asked for. Sorted by key."""

    stage: str
    identity: StageIdentity
    resources: tuple[ObservedResource, ...] = ()

    def by_key(self) -> dict[Key, ObservedResource]:
        """The resources that were observed, by key."""
        return {resource.key: resource for resource in self.resources}


@dataclass(frozen=True, slots=True)
class AppliedField:
    """What we last wrote and saw accepted (a secret as SecretState), with the platform's evidence of that moment.

    ``verified`` is false for a secret that was found there and never written by us.
    """

    value: Value
    evidence: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class AppliedResource:
    """Our record of one resource. ``label`` is the name that the key had then."""

    key: Key
    label: str
    fields: Mapping[str, AppliedField]
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """Our record of one stage. ``identity`` is None before the first run. Sorted by key."""

    stage: str
    identity: StageIdentity | None = None
    resources: tuple[AppliedResource, ...] = ()

    def by_key(self) -> dict[Key, AppliedResource]:
        """The record by key."""
        return {resource.key: resource for resource in self.resources}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target does with each field, per kind of resource: ``support["binding"]["recipients.mode"]``.

    ``reasons`` explains what is not simply set, by field. A field that is missing is ``cannot``.
    """

    support: Mapping[str, Mapping[str, Support]]
    reasons: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    """Fields that the operator declared unsupported: noted in every plan and not an error."""

    def of(self, kind: str, name: str) -> Support:
        """What the target does with this field of this kind."""
        return self.support.get(kind, {}).get(name, "cannot")
