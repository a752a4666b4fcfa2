"""The emulated organization as mutable records, and which of them changed since the last commit.

Plain data: no HTTP, no SQL, no rules. `values` gives the configuration records their meaning; `store` makes them
durable.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

NAMESPACE = uuid.UUID("6f0f6c1e-5c58-5d1a-9d0c-0dc0dc0dc0dc")


def derived_key(*names: str) -> str:
    """The same names always give the same key, so that tests and mappings can know keys in advance."""
    return str(uuid.uuid5(NAMESPACE, "/".join(names)))


@dataclass(slots=True)
class Entry:
    """The definition of one configuration entry; `field` is the emulator's own logical name of it."""

    field: str
    key: str
    name: str
    description: str
    data_type: str = "Text"
    default: str | None = None
    secret: bool = False
    email: bool = False  # a stage PATCH of it needs the separate email permission


@dataclass(slots=True)
class StageValue:
    """A value on the stage and the emulated time it was set."""

    value: str | None = None
    updated: float | None = None


@dataclass(slots=True)
class Running:
    """What an app still runs with while another value is set."""

    value: str | None
    origin: str


@dataclass(slots=True)
class Cell:
    """One entry in one app on one stage; `own` None inherits, `running` None means that the set value is live."""

    own: str | None = None
    running: Running | None = None
    changed: bool = False  # set after the last apply
    updated: float | None = None
    order: int = 0  # the world's counter at the last set: an operation applies only what was set before it started


@dataclass(slots=True)
class Portfolio:
    """A portfolio: stages and assets, isolated from other portfolios."""

    kind: ClassVar[str] = "portfolio"
    key: str
    name: str
    main: bool = True

    @property
    def id(self) -> str:
        return self.key


@dataclass(slots=True)
class Stage:
    """A stage (`environment` in the API) with its default system configurations."""

    kind: ClassVar[str] = "stage"
    key: str
    name: str
    purpose: str | None
    order: int
    portfolio: str
    status: str | None = "Ready"
    entries: list[Entry] = field(default_factory=list)
    app_entries: list[Entry] = field(default_factory=list)
    values: dict[str, StageValue] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.key


@dataclass(slots=True)
class App:
    """An asset of the organization; `type` is one of the API's four asset types."""

    kind: ClassVar[str] = "app"
    key: str
    name: str
    type: str
    revisions: int = 1  # published revisions are 1 … this number

    @property
    def id(self) -> str:
        return self.key


@dataclass(slots=True)
class Placement:
    """One app on one stage; `revision` None means that it is not deployed there (values may already be set)."""

    kind: ClassVar[str] = "placement"
    stage: str
    app: str
    revision: int | None = None
    deployed: float | None = None
    deployed_by: str = "portal"
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.stage}/{self.app}"


@dataclass(slots=True)
class Client:
    """An API client; `permissions` maps a stage's key, or `*`, to what it may do there."""

    kind: ClassVar[str] = "client"
    client_id: str
    secret_digest: str
    permissions: dict[str, list[str]]
    state: str = "available"  # or suspended
    secret_expires: float | None = None

    @property
    def id(self) -> str:
        return self.client_id


@dataclass(slots=True)
class Token:
    """An issued access token, kept as its digest."""

    kind: ClassVar[str] = "token"
    digest: str
    client: str
    expires: float

    @property
    def id(self) -> str:
        return self.digest


@dataclass(slots=True)
class Operation:
    """A deployment operation; `ends` None never finishes, `failure` None finishes well."""

    kind: ClassVar[str] = "operation"
    key: str
    operation: str
    app: str
    stage: str
    revision: int | None
    started: float
    ends: float | None
    by: str
    order: int
    failure: str | None = None
    status: str = "Running"
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.key


Record = Portfolio | Stage | App | Placement | Client | Token | Operation


class World:
    """All records by kind and id, the running number of changes, and what is not yet committed."""

    def __init__(self, profile: str, salt: str) -> None:
        self.profile = profile
        self.salt = salt
        self.order = 0
        self.portfolios: dict[str, Portfolio] = {}
        self.stages: dict[str, Stage] = {}
        self.apps: dict[str, App] = {}
        self.placements: dict[str, Placement] = {}
        self.clients: dict[str, Client] = {}
        self.tokens: dict[str, Token] = {}
        self.operations: dict[str, Operation] = {}
        self.running: dict[str, Operation] = {}  # looked at before every call, so kept apart
        self._dirty: dict[tuple[str, str], Record] = {}

    def shelf(self, kind: str) -> dict[str, Any]:
        """The dictionary that holds records of this kind."""
        shelf: dict[str, Any] = getattr(self, f"{kind}s")
        return shelf

    def save(self, record: Record) -> None:
        """Keep a new or changed record and have it written at the next commit."""
        self.keep(record)
        self._dirty[record.kind, record.id] = record

    def keep(self, record: Record) -> None:
        """Keep a record that is already written."""
        self.shelf(record.kind)[record.id] = record
        if isinstance(record, Operation):
            self.running.pop(record.key, None)
            if record.status == "Running":
                self.running[record.key] = record

    def next_order(self) -> int:
        """The next running number; later changes have higher ones."""
        self.order += 1
        return self.order

    def drain(self) -> list[tuple[str, str, Record]]:
        """Changed records as (kind, id, record), once."""
        changed = [(kind, id_, record) for (kind, id_), record in self._dirty.items()]
        self._dirty.clear()
        return changed

    def placement(self, stage: str, app: str) -> Placement | None:
        """The placement of an app on a stage, deployed or only prepared."""
        return self.placements.get(f"{stage}/{app}")

    def deployed_on(self, stage: str) -> list[Placement]:
        """Placements with a running revision on this stage."""
        return [p for p in self.placements.values() if p.stage == stage and p.revision is not None]


def data_of(part: Record | Entry | StageValue | Running | Cell) -> dict[str, Any]:
    """A record, or a part of one, as plain data; parts in it stay as they are. `asdict` would copy everything."""
    return {name: getattr(part, name) for name in part.__slots__}


def restored(kind: str, data: dict[str, Any]) -> Record:
    """The record that `data_of` was given."""
    if kind == "stage":
        values = {name: StageValue(**value) for name, value in data.pop("values").items()}
        entries = [Entry(**entry) for entry in data.pop("entries")]
        app_entries = [Entry(**entry) for entry in data.pop("app_entries")]
        return Stage(**data, values=values, entries=entries, app_entries=app_entries)
    if kind == "placement":
        cells = {name: _cell(cell) for name, cell in data.pop("cells").items()}
        return Placement(**data, cells=cells)
    plain: dict[str, type[Portfolio] | type[App] | type[Client] | type[Token] | type[Operation]] = {
        "portfolio": Portfolio,
        "app": App,
        "client": Client,
        "token": Token,
        "operation": Operation,
    }
    return plain[kind](**data)


def _cell(data: dict[str, Any]) -> Cell:
    running = data.pop("running")
    return Cell(**data, running=None if running is None else Running(**running))
