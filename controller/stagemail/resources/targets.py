"""Settings of the targets that come with stagemail: OutSystems Developer Cloud.

Not here: speaking to a platform (``target``), settings of other targets, each beside its own adapter.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Domain, Line, Share

_API = "ODC docs: API clients, OAuth 2.0 client credentials"


class Credentials(Shape):
    """The API client that stagemail logs in as."""

    client_id: Line = rule("The API client's id.", example="3f2a91c0-stagemail", source=_API)
    client_secret: SecretReference = rule(
        "The API client's secret, as a reference.",
        example={"secretRef": {"store": "env", "key": "ODC_CLIENT_SECRET"}},
        source=_API,
    )


class OdcTarget(Shape):
    """One organization of OutSystems Developer Cloud."""

    type: Literal["odc"] = rule(
        "OutSystems Developer Cloud.", example="odc", source="stagemail design: the operator file"
    )
    domain: Domain = rule(
        "The organization's domain, with a port where it is not 443. http:// is accepted for a loopback host only.",
        example="example.outsystems.dev",
        source="ODC docs: every API lives below the organization's domain",
    )
    portfolio: Line | None = rule(
        "The portfolio's name or key; needed where the organization has several.",
        example="Main",
        source="ODC docs: portfolios isolate stages and assets",
        default=None,
    )
    portfolios: Annotated[list[Line], Field(min_length=1, max_length=50), Unique()] | None = rule(
        "Several portfolios whose stages this target manages, instead of `portfolio`.",
        example=["Main", "Retail"],
        source="ODC docs: portfolios isolate stages and assets",
        default=None,
    )
    mapping: Line = rule(
        "The file that maps our fields to the platform's entries, beside the operator file.",
        example="odc-mapping.yaml",
        source="stagemail design: discovery writes an admin-editable mapping",
        default="odc-mapping.yaml",
    )
    read_only: bool = rule(
        "Let no write leave this machine; enforced where HTTP is spoken.",
        example=True,
        source="stagemail design: readOnly",
        default=False,
    )
    credentials: Credentials = rule(
        "The API client that stagemail logs in as.",
        example={
            "clientId": "3f2a91c0-stagemail",
            "clientSecret": {"secretRef": {"store": "env", "key": "ODC_CLIENT_SECRET"}},
        },
        source=_API,
    )
    share: Share = rule(
        "The share of the platform's published rate limits that stagemail may use; left out: 80%.",
        example="50%",
        source="ODC docs: limits per organization and minute",
        default="80%",
    )
    ca_file: Line | None = rule(
        "A PEM file with the certificate authorities to trust, beside the operator file; left out: the system's.",
        example="company-ca.pem",
        source="stagemail design: the operator file",
        default=None,
    )

    @model_validator(mode="after")
    def _one_way_to_name_portfolios(self) -> Self:
        if self.portfolio is not None and self.portfolios is not None:
            raise ValueError("`portfolio` and `portfolios` are both given: keep one of them")
        return self

    @model_validator(mode="after")
    def _some_share(self) -> Self:
        if self.share == 0:
            raise ValueError("`share` leaves stagemail no call at all: write more than 0%")
        return self

    @property
    def portfolio_names(self) -> tuple[str, ...]:
        """The portfolios as named, by name or key; empty where none is."""
        return tuple(self.portfolios or ()) or ((self.portfolio,) if self.portfolio else ())
