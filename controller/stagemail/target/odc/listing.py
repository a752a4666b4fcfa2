"""The organization's stages and deployed apps: listed once for all stages, kept until ``refresh``.

One listing of deployed assets serves every stage of a run. Not here: HTTP, configurations.
"""

import threading
from collections.abc import Mapping
from typing import Final

from stagemail.errors import NotFound, UsageError
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.target.odc.api import VIEW_STAGE, OdcApi
from stagemail.target.odc.payloads import DeployedAsset, Environment

PURPOSES: Final = {"Development": "development", "NonProduction": "non-production", "Production": "production"}
BINDABLE: Final = frozenset({"WebApplication", "MobileApplication"})
"""Types of assets with mail settings of their own (ODC docs: agents have no systemConfigurations)."""


class Listing:
    """What is where. ``stages`` maps our names of stages to ODC's name or key of each. Thread-safe."""

    def __init__(self, api: OdcApi, portfolio: str, stages: Mapping[str, str]) -> None:
        self._api = api
        self._wanted = portfolio
        self._stages = stages
        self._lock = threading.RLock()
        self.refresh()

    def refresh(self) -> None:
        """Forget everything: the next question asks the platform again."""
        with self._lock:
            self._portfolio: str | None = None
            self._environments: list[Environment] | None = None
            self._assets: list[DeployedAsset] | None = None

    def portfolio(self) -> str:
        """The key of the portfolio. Raises UsageError where one has to be named, NotFound where it is not there."""
        with self._lock:
            if self._portfolio is None:
                self._portfolio = self._chosen()
            return self._portfolio

    def identity(self, stage: str) -> StageIdentity:
        """Who a stage is on the platform. Raises NotFound; a stage that cannot be seen may well be there."""
        found = self._environment(stage)
        return StageIdentity(found.key, found.name or "", PURPOSES.get(found.purpose or "", ""))

    def inventory(self, stage: str) -> Inventory:
        """The stage and everything that is deployed there, sorted by name."""
        identity = self.identity(stage)
        with self._lock:
            if self._assets is None:
                self._assets = self._api.deployed_assets(self.portfolio())
            assets = self._assets
        apps = [
            App(
                deployment.name or asset.key,
                asset.key,
                asset.type or "",
                deployment.revision or 0,
                bindable=asset.type in BINDABLE and not asset.is_built_in,
            )
            for asset in assets
            for deployment in asset.deployments or []
            if deployment.environment_key == identity.key
        ]
        return Inventory(identity, tuple(sorted(apps)))

    def _environment(self, stage: str) -> Environment:
        if stage not in self._stages:
            raise NotFound(
                f"stage {stage} is not one of this target's", hint="name it under `stages` in the operator file"
            )
        wanted = self._stages[stage]
        with self._lock:
            if self._environments is None:
                self._environments = self._api.environments(self.portfolio())
            environments = self._environments
        exact = [found for found in environments if found.key == wanted]
        matching = exact or [found for found in environments if found.name == wanted]
        if len(matching) == 1:
            return matching[0]
        names = ", ".join(sorted(f"{found.name} ({found.key})" for found in environments)) or "none"
        if matching:
            raise UsageError(f"stage {stage}: ODC has several stages {wanted}", hint=f"write the key of one: {names}")
        hint = f"it was renamed or deleted, or the API client may not see it ({VIEW_STAGE}); visible: {names}"
        raise NotFound(f"stage {stage}: ODC shows no stage {wanted}", hint=hint)

    def _chosen(self) -> str:
        portfolios = self._api.portfolios()
        named = [found for found in portfolios if self._wanted in (found.key, found.name)]
        names = ", ".join(sorted(found.name or found.key for found in portfolios)) or "none"
        if self._wanted and len(named) == 1:
            return named[0].key
        if self._wanted:
            raise NotFound(f"ODC shows no portfolio {self._wanted}", hint=f"write `portfolio:` as one of: {names}")
        if len(portfolios) > 1:
            raise UsageError("the organization has several portfolios", hint=f"write `portfolio:` as one of: {names}")
        return portfolios[0].key if portfolios else ""
