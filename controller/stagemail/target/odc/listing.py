"""The organization's stages and deployed apps: listed once for all stages, kept until ``refresh``.

One listing of deployed assets serves every stage of a run. Not here: HTTP, configurations.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagemail.errors import NotFound, UsageError
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.target.odc.api import VIEW_STAGE, OdcApi
from stagemail.target.odc.paging import pages_of
from stagemail.target.odc.payloads import DeployedAsset, Deployment

PURPOSES: Final = {"Development": "development", "NonProduction": "non-production", "Production": "production"}
BINDABLE: Final = frozenset({"WebApplication", "MobileApplication"})
"""Types of assets with mail settings of their own (ODC docs: agents have no systemConfigurations)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A stage and the portfolio it is in, each by the platform's key ("" for the only portfolio, unnamed)."""

    identity: StageIdentity
    portfolio: str


class Listing:
    """What is where. ``stages`` maps our names of stages to ODC's name or key of each. Thread-safe.

    ``portfolios`` are names or keys; none is needed where the organization has one only.
    """

    def __init__(self, api: OdcApi, portfolios: Sequence[str], stages: Mapping[str, str]) -> None:
        self._api = api
        self._wanted = tuple(portfolios)
        self._stages = stages
        self._lock = threading.RLock()
        self.refresh()

    def refresh(self) -> None:
        """Forget everything: the next question asks the platform again."""
        with self._lock:
            self._found: list[Placed] | None = None
            self._assets: dict[str, list[DeployedAsset]] = {}
            self._portfolios_listed = 0
            self._placed: dict[str, Placed] = {}
            self._inventories: dict[str, Inventory] = {}
            self._labels: dict[str, Mapping[str, str]] = {}

    def everything(self) -> tuple[Placed, ...]:
        """Every stage of these portfolios that the client may see, whatever we call it, in ODC's order."""
        with self._lock:
            if self._found is None:
                self._found = self._listed()
            return tuple(self._found)

    def identity(self, stage: str) -> StageIdentity:
        """Who a stage is on the platform. Raises NotFound; a stage that cannot be seen may well be there."""
        return self.placed(stage).identity

    def inventory(self, stage: str) -> Inventory:
        """The stage and everything that is deployed there, sorted by name."""
        placed = self.placed(stage)
        with self._lock:
            if stage not in self._inventories:
                if placed.portfolio not in self._assets:
                    self._assets[placed.portfolio] = self._api.deployed_assets(placed.portfolio)
                self._inventories[stage] = self._inventory(placed, self._assets[placed.portfolio])
            return self._inventories[stage]

    def labels(self, stage: str) -> Mapping[str, str]:
        """The names of the stage's apps that have recipients, by key."""
        inventory = self.inventory(stage)
        with self._lock:
            if stage not in self._labels:
                self._labels[stage] = {app.key: app.name for app in inventory.apps if app.bindable}
            return self._labels[stage]

    @staticmethod
    def _inventory(placed: Placed, assets: Sequence[DeployedAsset]) -> Inventory:
        here = placed.identity.key
        found = [(asset, each) for asset in assets for each in asset.deployments or []]
        apps = [_app(asset, each) for asset, each in found if each.environment_key == here]
        deployed = {app.key for app in apps}
        ahead: dict[str, App] = {}
        for asset, each in found:
            app = _app(asset, each)
            if app.bindable and app.revision and app.key not in deployed:
                ahead[app.key] = max(app, ahead.get(app.key, app), key=lambda one: one.revision)
        return Inventory(placed.identity, tuple(sorted(apps)), tuple(sorted(ahead.values())))

    @property
    def calls(self) -> int:
        """What reading all of this once more costs: the portfolios, each one's stages, each page of its assets."""
        with self._lock:
            return 1 + self._portfolios_listed + sum(pages_of(len(assets)) for assets in self._assets.values())

    def placed(self, stage: str) -> Placed:
        """The stage with its portfolio. Raises NotFound, UsageError."""
        with self._lock:
            if stage not in self._placed:
                self._placed[stage] = self._searched(stage)
            return self._placed[stage]

    def _searched(self, stage: str) -> Placed:
        if stage not in self._stages:
            raise NotFound(
                f"stage {stage} is not one of this target's", hint="name it under `stages` in the operator file"
            )
        wanted = self._stages[stage]
        found = self.everything()
        exact = [each for each in found if each.identity.key == wanted]
        matching = exact or [each for each in found if each.identity.name == wanted]
        if len(matching) == 1:
            return matching[0]
        names = ", ".join(sorted(f"{each.identity.name} ({each.identity.key})" for each in found)) or "none"
        if matching:
            raise UsageError(f"stage {stage}: ODC has several stages {wanted}", hint=f"write the key of one: {names}")
        hint = f"it was renamed or deleted, or the API client may not see it ({VIEW_STAGE}); visible: {names}"
        raise NotFound(f"stage {stage}: ODC shows no stage {wanted}", hint=hint)

    def _listed(self) -> list[Placed]:
        portfolios = self._portfolios()
        self._portfolios_listed = len(portfolios)
        return [
            Placed(StageIdentity(each.key, each.name or "", PURPOSES.get(each.purpose or "", "")), portfolio)
            for portfolio in portfolios
            for each in self._api.environments(portfolio)
        ]

    def _portfolios(self) -> list[str]:
        """Keys of the portfolios to look into. Raises UsageError where one has to be named."""
        visible = self._api.portfolios()
        names = ", ".join(sorted(found.name or found.key for found in visible)) or "none"
        if not self._wanted:
            if len(visible) > 1:
                raise UsageError(
                    "the organization has several portfolios", hint=f"write `portfolio:` as one of: {names}"
                )
            return [found.key for found in visible] or [""]
        keys = []
        for wanted in self._wanted:
            named = [found.key for found in visible if wanted in (found.key, found.name)]
            if len(named) != 1:
                raise NotFound(f"ODC shows no portfolio {wanted}", hint=f"write `portfolio:` as one of: {names}")
            keys += named
        return keys


def _app(asset: DeployedAsset, deployment: Deployment) -> App:
    bindable = asset.type in BINDABLE and not asset.is_built_in
    return App(deployment.name or asset.key, asset.key, asset.type or "", deployment.revision or 0, bindable)
