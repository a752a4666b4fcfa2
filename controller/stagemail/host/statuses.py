"""Commit statuses as GitHub, GitLab and Gitea (Forgejo) take them: implements ``ports.GitHost``.

Sources: GitHub REST API "Create a commit status"; GitLab "Commits API: set the pipeline status of a commit"; Gitea API
``POST /repos/{owner}/{repo}/statuses/{sha}``. Not here: sending (``api``).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from stagemail.host.api import HostApi, bearer
from stagemail.model.notice import CommitStatus
from stagemail.model.secret import Secret

HostType = Literal["github", "gitlab", "gitea"]
PUBLIC: Final[Mapping[HostType, str]] = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4"}
LONGEST: Final = 140
"""Characters of a description: GitHub's limit, the narrowest."""
_GITLAB: Final = {"pending": "running", "success": "success", "failure": "failed"}


class HostStatuses:
    """The statuses of one repository (``owner/name``, at GitLab the whole path of its groups)."""

    def __init__(
        self, kind: HostType, repository: str, token: Callable[[], Secret], *, base: str, sleep: Callable[[float], None]
    ) -> None:
        self._kind = kind
        self._repository = repository
        self._token = token
        self._api = HostApi(base, self._headers, sleep=sleep)

    def tell(self, status: CommitStatus) -> None:
        """Show it beside the commit, in place of the one before of the same context."""
        path, body = _REQUESTS[self._kind](self._repository, status)
        self._api.post(path, body)

    def _headers(self) -> Mapping[str, str]:
        token = self._token()
        if self._kind == "gitlab":
            return {"PRIVATE-TOKEN": token.reveal()}
        if self._kind == "gitea":
            return {"Authorization": f"token {token.reveal()}"}
        return {
            "Authorization": bearer(token),
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }


def _by_sha(repository: str, status: CommitStatus) -> tuple[str, dict[str, Any]]:
    body = {"state": status.state, "context": status.context, "description": _short(status.description)}
    if status.url:
        body["target_url"] = status.url
    return f"/repos/{quote(repository)}/statuses/{status.revision}", body


def _gitlab(repository: str, status: CommitStatus) -> tuple[str, dict[str, Any]]:
    said = {"state": _GITLAB[status.state], "name": status.context, "description": _short(status.description)}
    if status.url:
        said["target_url"] = status.url
    return f"/projects/{quote(repository, safe='')}/statuses/{status.revision}?{urlencode(said)}", {}


_REQUESTS: Final[Mapping[HostType, Callable[[str, CommitStatus], tuple[str, dict[str, Any]]]]] = {
    "github": _by_sha,
    "gitea": _by_sha,
    "gitlab": _gitlab,
}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
