"""Reads a whole ODC organization for ``stagemail import``: stages, entries, apps. Nothing can be written here.

Not here: what becomes of it (``reconcile.adopt``), the files (``importing``, ``cli``).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stagemail.document import read
from stagemail.document.writing import write
from stagemail.errors import InvalidInput, NotFound, StagemailError, TryLater, UsageError
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.ports import Candidate, Check, Clock, Discovered
from stagemail.reconcile.adopt_documents import MAPPING, OWN_KEY, PREFIX, STORE, Organization
from stagemail.reconcile.adopt_settings import Found
from stagemail.reconcile.adopt_shape import app_fault
from stagemail.reconcile.net import Net
from stagemail.reconcile.world import Progress
from stagemail.report.adoption import Remark
from stagemail.target.odc.check import check_desired
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.discovery import HEADER, OdcDiscovery
from stagemail.target.odc.listing import Listing, Placed
from stagemail.target.odc.mapping import OdcMapping
from stagemail.target.odc.target import Connection, OdcSettings, OdcTarget, build, connect
from stagemail.wiring.plugins import CheckDesired, stores

WORKERS: Final = 8
REFUSED_PORTS: Final = frozenset({25})
"""ODC docs: port 25 is not supported."""
UNKNOWN_PURPOSE: Final = "non-production"
"""Where the platform tells none: the purpose that watches for apps without a test list."""
TAKEN: Final = frozenset({"shared"})
"""Names of folders that are no stage's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An organization as it was found. ``mapping`` knows every stage that could be read; ``failed``: the others."""

    stages: tuple[Found, ...]
    mapping: OdcMapping
    remarks: tuple[Remark, ...] = ()
    failed: tuple[Remark, ...] = ()

    def mapping_without(self, unsupported: Mapping[str, Sequence[str]], stages: Sequence[str]) -> OdcMapping:
        """The mapping of these stages, with the fields that YAML cannot say declared as such."""
        made = {
            name: self.mapping.stages[name].model_copy(update={"unsupported": list(unsupported.get(name, ()))})
            for name in sorted(stages)
        }
        return self.mapping.model_copy(update={"stages": made})


def mapping_text(mapping: OdcMapping) -> str:
    """The file, as discovery writes it."""
    return HEADER + write(mapping.model_dump(by_alias=True, mode="json"))


def read_organization(organization: Organization, clock: Clock, progress: Progress, net: Net) -> Seen:
    """Read everything; ``net`` learns the credentials. Raises NotFound without a stage.

    A stage that cannot be read is among ``failed``.
    """
    with ExitStack() as closing:
        placed = _Reader(organization, clock, closing, {}, net).listed()
        if not placed:
            raise NotFound(
                f"{organization.domain} shows no stage",
                hint="give the API client the permission Stage > View stage on the stages to import",
            )
        names = dict(_named(placed))
        return _Reader(organization, clock, closing, names, net).read(names, progress)


class _Reader:
    """One connection that cannot write. ``names``: our name of each stage → what ODC calls it."""

    def __init__(
        self, organization: Organization, clock: Clock, closing: ExitStack, names: Mapping[str, Placed], net: Net
    ) -> None:
        self._environments = dict(_environments(names))
        settings = OdcSettings(
            domain=organization.domain,
            stages=self._environments,
            portfolios=organization.portfolios,
            read_only=True,
        )
        plugin = stores()[STORE]
        store = plugin.build(plugin.settings.model_validate({"type": "env", "prefix": PREFIX}), Path())
        ref = SecretRef(STORE, OWN_KEY)

        def own() -> Secret:
            secret = store.read(ref).value
            net.learn(secret)
            return secret

        credentials = Credentials(organization.client_id, own, net.learn)
        self._connection: Connection = connect(settings, credentials, clock)
        closing.callback(self._connection.api.close)
        self._executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="odc")
        closing.callback(self._executor.shutdown, wait=False, cancel_futures=True)

    def listed(self) -> tuple[Placed, ...]:
        """Every stage that the client may see, in ODC's order."""
        listing = Listing(self._connection.api, self._connection.settings.portfolios, {})
        try:
            return listing.everything()
        except UsageError as error:
            raise UsageError(error.message, hint=f"{error.hint}; here with --portfolio") from None

    def read(self, names: Mapping[str, Placed], progress: Progress) -> Seen:
        """Every stage: first which entries are ours, then what is set in them and in every app."""
        failed: dict[str, StagemailError] = {}
        discovery = OdcDiscovery(self._connection, None, write)
        looks: dict[str, Discovered] = {}
        for name in names:
            progress("looking for email settings", len(looks), len(names))
            with _kept(failed, name):
                looks[name] = discovery.discover([name])[0]
        mapping = parsed(discovery.write_mapping(list(looks.values())))
        target = build(self._connection, mapping, self._executor)
        found: list[Found] = []
        for name, seen in looks.items():
            progress("reading the platform", len(found), len(looks))
            with _kept(failed, name):
                found.append(self._stage(name, names[name], target, seen))
        told = tuple(Remark("not-imported", name, "", str(error)) for name, error in sorted(failed.items()))
        stages = {each.stage: names[each.stage] for each in found}
        return Seen(tuple(found), mapping, tuple(_remarks(stages, looks)), told)

    def _stage(self, name: str, placed: Placed, target: OdcTarget, seen: Discovered) -> Found:
        inventory = target.inventory(name)
        apps = (Key(name, BINDING, app.key) for app in inventory.apps if app.bindable)
        observed = target.observe(name, (Key(name, CONFIGURATION, placed.identity.key), *apps))
        return Found(
            stage=name,
            environment=self._environments[name],
            purpose=placed.identity.purpose or UNKNOWN_PURPOSE,
            inventory=inventory,
            observed=observed,
            check=target.check(Desired(name)),
            refused_ports=REFUSED_PORTS,
            unclear={field: _several(many) for field, many in seen.ambiguous},
        )


@contextmanager
def _kept(failed: dict[str, StagemailError], name: str) -> Iterator[None]:
    """What stops one stage does not stop the others, unless the same command may do better later."""
    try:
        yield
    except TryLater:
        raise
    except StagemailError as error:
        failed[name] = error


def _several(many: Sequence[Candidate]) -> str:
    named = ", ".join(f"{each.name} ({each.key})" for each in many)
    return f"several of the platform's entries could be it: {named}; keep one in the mapping"


def _remarks(stages: Mapping[str, Placed], looks: Mapping[str, Discovered]) -> Iterator[Remark]:
    for name, placed in stages.items():
        if not placed.identity.purpose:
            message = f"the platform tells no purpose; {UNKNOWN_PURPOSE} watches for apps that nobody bound"
            yield Remark("assumed", name, "purpose", message)
        for field, many in looks[name].ambiguous:
            yield Remark("not-managed", name, field, _several(many))


def _named(placed: Sequence[Placed]) -> Iterator[tuple[str, Placed]]:
    """A name of ours for each stage: its own in small letters, digits and hyphens (a DNS label)."""
    taken = set(TAKEN)
    for each in placed:
        plain = unicodedata.normalize("NFKD", each.identity.name).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or "stage"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name)
        yield name, each


def _environments(names: Mapping[str, Placed]) -> Iterator[tuple[str, str]]:
    """How the operator file names each stage: as ODC does where that means one stage only, else by key."""
    counts = Counter(placed.identity.name.casefold() for placed in names.values())
    for name, placed in names.items():
        written = placed.identity.name
        alone = counts[written.casefold()] == 1 and not app_fault(written)
        yield name, written if alone else placed.identity.key


def checks(mapping: OdcMapping) -> CheckDesired:
    """What the mapping says of a desired state."""

    def check(desired: Desired) -> Check:
        return check_desired(desired, mapping)

    return check


def parsed(text: str) -> OdcMapping:
    """A mapping as the commands read it. Raises InvalidInput."""
    documents, problems = read(text.encode(), MAPPING)
    if problems or len(documents) != 1:
        raise InvalidInput("the mapping cannot be written as YAML; nothing was written", problems=problems)
    return OdcMapping.parse(documents[0].value, MAPPING)
