"""ODC as a Target: what the calls and entries mean. One instance is one run: its listings are kept until ``refresh``.

On ODC recipients live in the apps; a stage's settings are inherited by every app. Not here: HTTP (``api``), which entry
is which field (``mapping``), waiting and retrying a step (``reconcile``).
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path

from stagemail.errors import InvalidInput, MappingMismatch, NotFound, UsageError, UserMustFix
from stagemail.model.cost import Cost
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Operation, Outcome
from stagemail.model.secret import Secret
from stagemail.model.snapshot import Desired, Observed, ObservedResource
from stagemail.model.step import Step
from stagemail.model.usage import Usage
from stagemail.ports import Check, Clock
from stagemail.target.odc.api import OdcApi
from stagemail.target.odc.call import CONFIGURATIONS, PORTFOLIOS
from stagemail.target.odc.check import check_desired
from stagemail.target.odc.client import Client
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.limits import AnyBuckets, Buckets, Limits
from stagemail.target.odc.listing import Listing
from stagemail.target.odc.mapping import LOOK_AGAIN, OdcMapping, StageMapping
from stagemail.target.odc.observation import has_own, observed_ahead, observed_app, observed_stage
from stagemail.target.odc.operations import Operations
from stagemail.target.odc.writing import patch_of


@dataclass(frozen=True, slots=True)
class OdcSettings:
    """A target of type ``odc`` in the operator file.

    ``domain`` is the ODC Portal's host; ``stages`` maps our names of stages to ODC's name or key of each; ``share`` is
    the part of the published limits that is ours; ``portfolios`` (names or keys) may be empty where there is one only.
    """

    domain: str
    stages: Mapping[str, str]
    portfolios: tuple[str, ...] = ()
    share: float = 0.8
    read_only: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """What outlives a run: the API client with its token, its limits and its connections."""

    api: OdcApi
    clock: Clock
    settings: OdcSettings = field(repr=False)


def connect(
    settings: OdcSettings, credentials: Credentials, clock: Clock, buckets: AnyBuckets | None = None
) -> Connection:
    """Get ready to talk to ODC. Nothing is sent, and no credential read, before the first question.

    Connections of one process to one organization must share their ``buckets``, or its limits are not kept.
    """
    limits = Limits(settings.domain.lower(), clock, settings.share, buckets or Buckets())
    client = Client(
        settings.domain,
        credentials,
        clock=clock,
        limits=limits,
        read_only=settings.read_only,
        ca_file=settings.ca_file,
    )
    return Connection(OdcApi(client, settings.domain), clock, settings)


def build(connection: Connection, mapping: OdcMapping | None, executor: Executor) -> "OdcTarget":
    """The entry point ``odc``: a target for one run. ``executor`` bounds how many apps are read at the same time."""
    return OdcTarget(connection, mapping, executor)


class OdcTarget:
    """One organization and portfolio of ODC. Thread-safe."""

    def __init__(self, connection: Connection, mapping: OdcMapping | None, executor: Executor) -> None:
        self._api = connection.api
        self._clock = connection.clock
        self._mapping = mapping
        self._executor = executor
        self._listing = Listing(connection.api, connection.settings.portfolios, connection.settings.stages)
        self._operations = Operations(connection.api)
        self._revisions: dict[tuple[str, str], int] = {}
        self._listed: set[str] = set()
        """Stages in which some app showed the entries of apps, so that others may be without."""
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Forget the listings: the next run asks again."""
        self._listing.refresh()

    def close(self) -> None:
        """End the connections."""
        self._api.close()

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls so far, by API domain."""
        return self._api.calls

    def usage(self) -> tuple[Usage, ...]:
        """What is used of the organization's limits now."""
        return self._api.usage()

    def check(self, desired: Desired) -> Check:
        """What can be set, what is only verified, what ODC refuses. Pure."""
        return check_desired(desired, self._mapping)

    def inventory(self, stage: str) -> Inventory:
        """The stage and what is deployed there; what is not yet, where the mapping says that it can be written."""
        found = self._listing.inventory(stage)
        return found if self._ahead(stage) else replace(found, ahead=())

    def observe(self, stage: str, keys: Sequence[Key]) -> Observed:
        """One GET for the stage and one per app, side by side. Checks the mapping against everything it reads."""
        identity = self._listing.identity(stage)
        mapping = self._mapped(stage, identity)
        wanted = sorted(set(keys))
        asked = [key for key in wanted if key.kind == BINDING]
        ahead = self._ahead(stage)
        labels = {**self._listing.labels(stage), **{key: app.name for key, app in ahead.items()}} if asked else {}
        apps = [key for key in asked if key.id in labels]
        stages = [key for key in wanted if key == _own(stage, identity)]
        if len(apps) == 1 and not stages:  # as before each activation: a thread would only cost
            found = [self._app(apps[0], labels[apps[0].id], identity, mapping)]
        else:
            found = self._side_by_side(apps, stages, labels, identity, mapping)
        resources = tuple(sorted((each for each in found if each is not None), key=lambda each: each.key))
        deployed = any(each.key.kind == BINDING and each.key.id not in ahead for each in resources)
        if mapping.at("app") and stage not in self._listed and deployed:
            message = f"stage {stage}: no app that was read has any of the mapping's entries of apps"
            raise MappingMismatch(message, hint=LOOK_AGAIN)
        return Observed(stage, identity, resources)

    def _side_by_side(
        self, apps: Sequence[Key], stages: Sequence[Key], labels: Mapping[str, str], identity: StageIdentity,
        mapping: StageMapping,
    ) -> list[ObservedResource | None]:  # fmt: skip
        reads = [self._executor.submit(self._app, key, labels[key.id], identity, mapping) for key in apps]
        try:
            return [*(self._stage(key, identity, mapping) for key in stages), *(read.result() for read in reads)]
        finally:
            for read in reads:
                read.cancel()

    def begin(self, step: Step, secrets: Mapping[str, Secret]) -> Operation:
        """One PATCH for a write, one ApplyConfigs for an activation."""
        identity = self._listing.identity(step.key.stage)
        begun = self._clock.now()
        if step.action == "activate":
            return Operation(step.key, "activate", begun, self._activate(step, identity))
        if step.action != "write":
            raise UsageError(f"{step.label}: {step.action} is not sent to a platform")
        patch = patch_of(step, self._mapped(step.key.stage, identity), secrets)
        if step.key.kind == CONFIGURATION:
            if step.key != _own(step.key.stage, identity):
                raise NotFound(f"{step.label}: the stage has another key by now", hint="make the plan again")
            self._api.patch_stage(identity.key, identity.name, patch.entries, patch.withheld)
        else:
            self._patch_app(step, identity, patch.entries)
        return Operation(step.key, "write", begun)

    def cost(self, keys: Sequence[Key]) -> Cost:
        """Of one look: the listings, one GET per stage and one per app (``keys``)."""
        return self._api.cost({PORTFOLIOS: self._listing.calls, CONFIGURATIONS: len(set(keys))})

    def make_room(self) -> None:
        """Ten operations may be posted in a minute: wait for a place, and keep it for the next one."""
        self._api.keep_place()

    def poll(self, operations: Sequence[Operation]) -> Mapping[Operation, Outcome | None]:
        """The outcomes. A write that was answered is done at once; what it did is seen by reading."""
        outcomes: dict[Operation, Outcome | None] = {
            operation: Outcome("", operation.key, operation.key.id, "write", "done")
            for operation in operations
            if operation.action == "write"
        }
        running: dict[str, list[Operation]] = {}
        for operation in operations:
            if operation.action == "activate":
                running.setdefault(operation.key.stage, []).append(operation)
        for stage, group in sorted(running.items()):
            identity = self._listing.identity(stage)
            outcomes |= self._operations.poll(identity.key, identity.name, group)
        return outcomes

    def _mapped(self, stage: str, identity: StageIdentity) -> StageMapping:
        if self._mapping is None:
            hint = "run `stagemail target discover --write`: it looks which of ODC's settings are the email settings"
            raise MappingMismatch(f"stage {stage}: there is no mapping yet", hint=hint)
        mapping = self._mapping.of(stage)
        if mapping.environment != identity.key:
            message = (
                f"stage {stage}: the mapping was made for environment {mapping.environment}, this is {identity.key}"
            )
            raise MappingMismatch(message, hint=LOOK_AGAIN)
        return mapping

    def _stage(self, key: Key, identity: StageIdentity, mapping: StageMapping) -> ObservedResource:
        document = self._api.stage_configurations(identity.key, identity.name)
        return observed_stage(key, identity.name, mapping, document.system_configurations or [])

    def _ahead(self, stage: str) -> Mapping[str, App]:
        """Apps that are not deployed in the stage and can be written before they are, by key."""
        mapped = self._mapping.stages.get(stage) if self._mapping else None
        if mapped is None or mapped.before_first_deploy == "waits":
            return {}
        return {app.key: app for app in self._listing.inventory(stage).ahead}

    def _patch_app(self, step: Step, identity: StageIdentity, entries: Mapping[str, str]) -> None:
        """Raises UserMustFix where the platform takes nothing before a first deploy."""
        app = self._ahead(step.key.stage).get(step.key.id)
        if app is None:
            self._api.patch_app(identity.key, step.key.id, step.label, entries)
            return
        try:
            self._api.patch_app(identity.key, step.key.id, step.label, entries, app.revision)
        except (NotFound, InvalidInput) as error:
            raise UserMustFix(
                f"{step.label}: ODC takes no recipients before its first deploy in {identity.name}: {error.message}",
                hint="write `beforeFirstDeploy: waits` for the stage in the mapping",
            ) from None

    def _app(self, key: Key, label: str, identity: StageIdentity, mapping: StageMapping) -> ObservedResource | None:
        ahead = self._ahead(key.stage).get(key.id)
        if ahead is not None:
            early = self._api.app_configurations(identity.key, key.id, label, ahead.revision)
            return observed_ahead(key, label, mapping, early) if early else None
        document = self._api.app_configurations(identity.key, key.id, label)
        if document is None:
            return None
        with self._lock:
            if document.revision_deployed:
                self._revisions[identity.key, key.id] = document.revision_deployed
            if has_own(mapping, document):
                self._listed.add(key.stage)
        return observed_app(key, label, mapping, document)

    def _activate(self, step: Step, identity: StageIdentity) -> str:
        if step.key.kind == CONFIGURATION:
            raise UsageError(f"{step.label}: only apps are made live; a stage's settings run in its apps")
        operation = self._api.apply_configurations(
            identity.key, step.key.id, step.label, self._revision(step, identity)
        )
        if operation:
            self._operations.began(operation)
        return operation

    def _revision(self, step: Step, identity: StageIdentity) -> int:
        """The deployed revision: as last read with the app itself, else as listed."""
        with self._lock:
            known = self._revisions.get((identity.key, step.key.id), 0)
        if known:
            return known
        apps = {app.key: app.revision for app in self._listing.inventory(step.key.stage).apps}
        if not apps.get(step.key.id):
            raise NotFound(f"{step.label}: not deployed in stage {identity.name}", hint="make the plan again")
        return apps[step.key.id]


def _own(stage: str, identity: StageIdentity) -> Key:
    return Key(stage, CONFIGURATION, identity.key)
