"""What ODC's public REST APIs answer, as far as it concerns us (ODC docs, OpenAPI of portfolios v2,
asset-configurations v1, deployments v1).

Nearly everything is nullable and new members and enum values may appear: read tolerantly. Values are kept out of
``repr`` and of errors, because nobody knows how a secret reads back. Not here: HTTP, meaning.
"""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Payload(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )


class Portfolio(Payload):
    """A portfolio: stages and assets of its own."""

    key: str
    name: str | None = None


class Environment(Payload):
    """A stage. ``purpose`` is Development, NonProduction, Production or null."""

    key: str
    name: str | None = None
    purpose: str | None = None
    order: int | None = None
    portfolio_key: str | None = None


class Deployment(Payload):
    """Where an asset is deployed, under which name and revision."""

    environment_key: str
    name: str | None = None
    revision: int | None = None


class DeployedAsset(Payload):
    """An asset with all its deployments."""

    key: str
    type: str | None = None
    is_built_in: bool | None = None
    deployments: list[Deployment] | None = None


class Entry(Payload):
    """A configuration entry. Every value is text; ``value`` is the last set, ``deployed_value`` the running one."""

    key: str | None = None
    name: str | None = None
    description: str | None = None
    data_type: str | None = None
    default_value: str | None = Field(default=None, repr=False)
    deployed_value: str | None = Field(default=None, repr=False)
    value: str | None = Field(default=None, repr=False)
    value_origin: str | None = None
    deployed_value_origin: str | None = None
    is_secret: bool | None = None
    value_set_after_deploy: bool | None = None
    updated_at: str | None = None


class StageConfigurations(Payload):
    """GET environments/{e}/default-system-configurations."""

    system_configurations: list[Entry] | None = None


class Group(Payload):
    """A timer, an integration or a library: entries under one name."""

    key: str | None = None
    name: str | None = None
    configs: list[Entry] | None = None
    settings: list[Entry] | None = None
    system_configurations: list[Entry] | None = None
    integrations: "list[Group] | None" = None


class AppConfigurations(Payload):
    """GET environments/{e}/applications/{a}/revisions/deployed/configurations."""

    key: str | None = None
    name: str | None = None
    revision_deployed: int | None = None
    system_configurations: list[Entry] | None = None
    settings: list[Entry] | None = None
    timers: list[Group] | None = None
    integrations: list[Group] | None = None
    libraries: list[Group] | None = None


class DeploymentOperation(Payload):
    """A deployment operation; unknown values of ``status`` are possible."""

    key: str
    status: str | None = None
    asset_key: str | None = None
    asset_name: str | None = None
    started_date_time: str | None = None


class Message(Payload):
    """A message of a deployment operation; severity is Info, Warning or Error."""

    severity: str | None = None
    message: str | None = None


class PageInfo(Payload):
    """Where a page stands; totals are missing on deployment-operations."""

    count: int | None = None
    next_page_offset: int | str | None = None
    total_results: int | None = None


Item = TypeVar("Item", bound=Payload)
