"""ODC's public REST APIs as far as we use them: HTTP only, payloads in and out.

Not here: what the entries mean (``mapping``, ``codec``), when to call what (``target``).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import quote

from stagemail.errors import NotFound
from stagemail.model.cost import Cost
from stagemail.model.usage import Usage
from stagemail.target.odc import paging
from stagemail.target.odc.call import CONFIGURATIONS, DEPLOYMENTS, PORTFOLIOS, Call
from stagemail.target.odc.client import Client
from stagemail.target.odc.limits import WINDOW
from stagemail.target.odc.payloads import (
    AppConfigurations,
    DeployedAsset,
    DeploymentOperation,
    Environment,
    Message,
    Payload,
    Portfolio,
    StageConfigurations,
)

VIEW_STAGE: Final = "Stage > View stage"
VIEW: Final = "Configuration management > View configurations"
EDIT: Final = "Configuration management > Edit configurations"
EDIT_EMAIL: Final = f"{EDIT} and Manage Email configurations (SMTP)"
DEPLOY: Final = "Release management > Deploy assets"
SECTIONS: Final = "systemConfigurations,settings,timers,integrations,libraries"
"""All sections of an app, asked for by name: one that a default left out could hide somebody's pending value."""


class _EnvironmentList(Payload):
    results: list[Environment]


class OdcApi:
    """The calls. ``organization`` names it in errors. Raises as ``client`` says."""

    def __init__(self, client: Client, organization: str) -> None:
        self._client = client
        self._organization = organization

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls so far, by API domain."""
        return dict(self._client.limits.calls)

    def cost(self, calls: Mapping[str, int]) -> Cost:
        """These calls, by API domain, beside how many of them are ours in a window."""
        allowed = {domain: self._client.limits.allowed(domain) for domain in calls}
        return Cost(calls, allowed, WINDOW // 1000)

    def usage(self) -> tuple[Usage, ...]:
        """What is used of the organization's limits now."""
        return self._client.limits.usage()

    def keep_place(self) -> None:
        """Wait until an operation may be posted, and keep its place for a moment."""
        self._client.limits.keep_place()

    def portfolios(self) -> list[Portfolio]:
        """All portfolios that are visible."""
        call = self._listing(PORTFOLIOS, "/portfolios", "list portfolios", "any on a stage")
        what = f"{call.subject}: portfolios"
        return paging.everything(partial(self._page, call), Portfolio, what, lambda item: item.key)

    def environments(self, portfolio: str) -> list[Environment]:
        """The stages of a portfolio on which the client has View stage. Not paged."""
        query = {"portfolioKey": portfolio} if portfolio else {}
        call = self._listing(PORTFOLIOS, "/environments", "list stages", VIEW_STAGE, query)
        return paging.parsed(_EnvironmentList, self._client.request(call), f"{call.subject}: stages").results

    def deployed_assets(self, portfolio: str) -> list[DeployedAsset]:
        """Everything that is deployed anywhere in a portfolio, in one listing for all its stages."""
        query = {"portfolioKey": portfolio} if portfolio else {}
        call = self._listing(PORTFOLIOS, "/deployed-assets", "list deployed assets", VIEW_STAGE, query)
        what = f"{call.subject}: deployed assets"
        return paging.everything(partial(self._page, call), DeployedAsset, what, lambda item: item.key)

    def stage_configurations(self, environment: str, stage: str) -> StageConfigurations:
        """The default system configurations of a stage."""
        call = Call(CONFIGURATIONS, "GET", _stage_path(environment), "read its configuration", f"stage {stage}", VIEW)
        return paging.parsed(StageConfigurations, self._client.request(call), call.subject)

    def app_configurations(
        self, environment: str, app: str, label: str, revision: int | Literal["deployed"] = "deployed"
    ) -> AppConfigurations | None:
        """The configurations of an app's revision, all sections; None where it is not deployed, or there is none."""
        path = f"{_app_path(environment, app)}/revisions/{revision}/configurations"
        query = {"fields": SECTIONS}
        call = Call(CONFIGURATIONS, "GET", path, "read its configurations", f"app {label}", VIEW, query)
        try:
            return paging.parsed(AppConfigurations, self._client.request(call), call.subject)
        except NotFound:
            return None

    def patch_stage(self, environment: str, stage: str, entries: Mapping[str, str], withheld: tuple[str, ...]) -> None:
        """Set default system configurations of a stage, by entry key, in one PATCH."""
        path, doing, subject = _stage_path(environment), "change its email configuration", f"stage {stage}"
        body = _patch(entries)
        self._client.request(
            Call(CONFIGURATIONS, "PATCH", path, doing, subject, EDIT_EMAIL, body=body, withheld=withheld)
        )

    def patch_app(
        self, environment: str, app: str, label: str, entries: Mapping[str, str], revision: int | None = None
    ) -> None:
        """Set system configurations of an app, by entry key, in one PATCH; with its revision before a first deploy."""
        path, doing, subject = f"{_app_path(environment, app)}/configurations", "change its recipients", f"app {label}"
        body = _patch(entries) if revision is None else {"revisionBaseline": revision, **_patch(entries)}
        self._client.request(Call(CONFIGURATIONS, "PATCH", path, doing, subject, EDIT, body=body))

    def apply_configurations(self, environment: str, app: str, label: str, revision: int) -> str:
        """Post ApplyConfigs; gives the operation's key, "" where the answer did not say."""
        body = {"operation": "ApplyConfigs", "assetKey": app, "environmentKey": environment, "revision": revision}
        path, subject = "/deployment-operations", f"app {label}"
        call = Call(DEPLOYMENTS, "POST", path, "apply its configurations", subject, DEPLOY, body=body)
        answer = self._client.request(call)
        key = answer.get("key") if isinstance(answer, dict) else None
        return key if isinstance(key, str) else ""

    def operations(self, environment: str, since: datetime, stage: str) -> Iterator[list[DeploymentOperation]]:
        """Pages of ApplyConfigs operations of a stage that were created since a moment (with its zone)."""
        query = {"operations": "ApplyConfigs", "environmentKey": environment, "createdDateSince": _instant(since)}
        path, subject = "/deployment-operations", f"stage {stage}"
        call = Call(DEPLOYMENTS, "GET", path, "list its operations", subject, VIEW_STAGE, query)
        return paging.pages(partial(self._page, call), DeploymentOperation, f"{subject}: operations")

    def operation(self, key: str, stage: str) -> DeploymentOperation:
        """One operation by its key. Raises NotFound."""
        path, subject = f"/deployment-operations/{_segment(key)}", f"stage {stage}"
        call = Call(DEPLOYMENTS, "GET", path, "read one of its operations", subject, VIEW_STAGE)
        return paging.parsed(DeploymentOperation, self._client.request(call), subject)

    def messages(self, operation: str, label: str) -> list[Message]:
        """The messages of an operation."""
        path = f"/deployment-operations/{_segment(operation)}/messages"
        call = Call(DEPLOYMENTS, "GET", path, "read the messages of its operation", f"app {label}", VIEW_STAGE)
        pages = paging.pages(partial(self._page, call), Message, f"{call.subject}: messages")
        return [message for page in pages for message in page]

    def _listing(
        self, domain: str, path: str, doing: str, permission: str, query: Mapping[str, str | int] | None = None
    ) -> Call:
        return Call(domain, "GET", path, doing, self._organization, permission, query or {})

    def _page(self, call: Call, page: Mapping[str, str | int]) -> Any:
        query = {**call.query, **page}
        return self._client.request(
            Call(call.domain, call.method, call.path, call.doing, call.subject, call.permission, query)
        )


def _patch(entries: Mapping[str, str]) -> Mapping[str, Any]:
    return {"systemConfigurations": [{"key": key, "value": value} for key, value in entries.items()]}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _segment(text: str) -> str:
    return quote(text, safe="")


def _stage_path(environment: str) -> str:
    return f"/environments/{_segment(environment)}/default-system-configurations"


def _app_path(environment: str, app: str) -> str:
    return f"/environments/{_segment(environment)}/applications/{_segment(app)}"
