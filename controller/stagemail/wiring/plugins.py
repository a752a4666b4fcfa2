"""Targets and secret stores by the ``type`` that the operator file writes: built in, or found by entry point.

A package adds a target by an entry point in the group ``stagemail.targets`` and a store by one in
``stagemail.secret_stores``. Registries are values made here and handed on; nothing is global.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from stagemail.dataclass import dataclass
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.model.usage import Spent
from stagemail.ports import Check, Clock, Discovery, SecretStore, Target

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from importlib.metadata import EntryPoint

    from pydantic import BaseModel

    from stagemail.resources.plugins import Registries

CheckDesired = Callable[[Desired], Check]

TARGETS = {"odc": "stagemail.wiring.odc:PLUGIN"}
STORES = {"env": "stagemail.wiring.stores:ENV", "file": "stagemail.wiring.stores:FILE"}


class ReadSecret(Protocol):
    """Reads a secret that the operator file itself names."""

    def __call__(self, ref: SecretRef) -> Secret:
        """The secret's value."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What a target is known by before anything runs: its name, its settings, the operator file's folder."""

    name: str
    settings: Any
    base: Path


@dataclass(frozen=True, slots=True)
class TargetContext:
    """What a target is built from for a run.

    ``stages`` maps our name of each stage to the platform's name or key. ``closing`` takes what must be closed when the
    run ends. ``workers`` bounds parallel reads. ``learn`` is told every credential that the platform gives, such as
    access tokens.
    """

    settled: Settled
    stages: Mapping[str, str]
    clock: Clock
    secret: ReadSecret
    closing: ExitStack
    workers: int = 8
    shared: MutableMapping[str, Any] = field(default_factory=dict)
    """What targets of one type keep together in a run, by their type: one organization has one set of limits."""
    learn: Callable[[Secret], None] = lambda _secret: None
    spent: Spent | None = None
    """Where limits are counted that several processes share; None: in this process."""


class TargetPlugin(Protocol):
    """One type of target: what can be said without any network, so that ``validate`` stays quick."""

    @property
    def settings(self) -> "type[BaseModel]":
        """The model of its settings, loaded when an operator file is judged."""
        ...

    runtime: str
    """``module:attribute`` of the ``TargetRuntime``, loaded only by commands that speak to the platform."""
    secret_note: str
    """What a person should know of the platform's own credential, such as what renewing it does; may be empty."""

    def scope(self, settings: Any) -> str:
        """What a lease protects: the organization, by a name that is the same for every target on it."""
        ...

    def files(self, settled: Settled) -> tuple[Path, ...]:
        """The files beside the operator file that it reads: they are versioned with it."""
        ...

    def check(self, settled: Settled) -> CheckDesired:
        """What says, without a credential, what can be set and what is refused."""
        ...


class TargetRuntime(Protocol):
    """The part of a target that speaks to its platform."""

    def build(self, context: TargetContext) -> Target:
        """A target for one run. Reads no credential and sends nothing before the first question."""
        ...

    def discovery(self, context: TargetContext) -> Discovery:
        """What finds out which of the platform's entries are our fields."""
        ...


@runtime_checkable
class Stamped(Protocol):
    """A target whose platform tells at once whether anything changed; most platforms cannot, and their targets leave it
    out. Such a target judges in ``check`` each binding by itself, and needs no credential."""

    def stamp(self, stage: str) -> str:
        """Text that is another one whenever anything that ``inventory`` or ``observe`` says of the stage is."""
        ...


class StorePlugin(Protocol):
    """One type of secret store."""

    @property
    def settings(self) -> "type[BaseModel]":
        """The model of its settings, loaded when an operator file is judged."""
        ...

    def build(self, settings: Any, base: Path) -> SecretStore:
        """A store. Reads nothing yet."""
        ...


Plugin = TypeVar("Plugin")


def loaded_from(path: str) -> Any:
    """What ``module:attribute`` names."""
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


@cache
def _installed(group: str) -> "Mapping[str, tuple[EntryPoint, ...]]":
    """What is installed in this environment, by name: to look costs a file of every package, so it is done once."""
    metadata: Any = import_module("importlib.metadata")  # takes longer to load than what it is asked for
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in metadata.entry_points(group=group):
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


class Installed(Mapping[str, Plugin], Generic[Plugin]):
    """Plugins by type. Built-in ones cost nothing until they are used; others are looked up when a type is not one."""

    def __init__(self, built_in: Mapping[str, str], group: str) -> None:
        self._built_in = built_in
        self._group = group

    def __getitem__(self, name: str) -> Plugin:
        if name in self._built_in:
            found: Plugin = loaded_from(self._built_in[name])
            return found
        for entry in _installed(self._group).get(name, ()):
            loaded: Plugin = entry.load()
            return loaded
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._built_in, *_installed(self._group)}))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Settings(Mapping[str, "type[BaseModel]"]):
    """The settings model of every installed plugin, by type."""

    def __init__(self, plugins: Mapping[str, Any]) -> None:
        self._plugins = plugins

    def __getitem__(self, name: str) -> "type[BaseModel]":
        model: type[BaseModel] = self._plugins[name].settings
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(self._plugins)

    def __len__(self) -> int:
        return len(self._plugins)


def targets() -> Installed[TargetPlugin]:
    """All types of targets."""
    return Installed(TARGETS, "stagemail.targets")


def stores() -> Installed[StorePlugin]:
    """All types of secret stores."""
    return Installed(STORES, "stagemail.secret_stores")


def registries() -> "Registries":
    """The settings of every target and store that is installed."""
    module = import_module("stagemail.resources.plugins")
    found: Registries = module.Registries(targets=Settings(targets()), stores=Settings(stores()))
    return found
