"""What the platform in memory holds: values that are set, values that run, and how one becomes the other.

Not here: the port (``target.memory``) and faults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.run import Operation
from stagemail.model.secret import Masked, Secret
from stagemail.model.snapshot import ObservedField
from stagemail.target.canonical import canonical

Stored = str | int | bool | None | tuple[str, ...] | Secret

STAGE_FIELDS: Final = tuple(name for name, spec in email.SPECS.items() if spec.unit != email.RECIPIENTS)
APP_FIELDS: Final = (email.RECIPIENTS_MODE, email.TEST_LIST)
DEFAULTS: Final[Mapping[str, Stored]] = {email.RECIPIENTS_MODE: email.SET_IN_APP, email.TEST_LIST: ()}
"""What an app shows where nobody set anything: mail goes where the app says."""


@dataclass(slots=True)
class Values:
    """What is set on one resource, what runs, and how often each field was written (the evidence)."""

    values: dict[str, Stored] = field(default_factory=dict)
    live: dict[str, Stored] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    """Secrets, the stage's too, that were set after the last time the app was made live."""
    foreign: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, values: Mapping[str, Stored]) -> "Values":
        """Values that were set once and do not run anywhere yet."""
        return cls(dict(values), written=dict.fromkeys(values, 1))

    def put(self, name: str, value: Stored) -> None:
        """Set a value."""
        self.values[name] = value
        self.written[name] = self.written.get(name, 0) + 1

    def seen(self, name: str, live: Stored, *, fresh: bool) -> ObservedField:
        """One field as the platform shows it: what is set here, and what of it runs where it was looked at."""
        value = self.values.get(name, DEFAULTS.get(name))
        pending, evidence = fresh or plain(value) != plain(live), str(self.written.get(name, ""))
        if email.SPECS[name].secret:
            shown: Value = Masked(present=value is not None)
            return ObservedField(shown, shown, pending, value is None, evidence)
        unset = name not in self.values
        return ObservedField(canonical(name, show(value)), canonical(name, show(live)), pending, unset, evidence)


@dataclass(slots=True)
class Stage:
    """A stage: its own values, its apps and theirs, by the app's key."""

    identity: StageIdentity
    own: Values
    apps: dict[str, App] = field(default_factory=dict)
    bound: dict[str, Values] = field(default_factory=dict)

    def waiting(self, app: Values) -> set[str]:
        """The names of all that an activation of this app would make live."""
        wanted = {**self.own.values, **app.values}
        differ = {
            name for name, value in wanted.items() if plain(value) != plain(app.live.get(name, DEFAULTS.get(name)))
        }
        return differ | app.fresh | app.foreign

    def make_live(self, app: Values) -> None:
        """Everything that is set runs, the pending values of others too."""
        app.live = {**self.own.values, **app.values}
        app.fresh.clear()
        app.foreign.clear()


@dataclass(slots=True)
class Activation:
    """An activation that was received; it takes effect when nobody has to ask for it any more."""

    operation: Operation
    polls_left: int
    failure: str = ""


def show(value: Stored) -> Value:
    """A value as a port may give it away."""
    return Masked(present=True) if isinstance(value, Secret) else value


def plain(value: Stored) -> object:
    """A value that can be compared; it never leaves the adapter."""
    return value.reveal() if isinstance(value, Secret) else value
