"""What a push says of itself: repository and branch, for choosing where to look. Whatever is odd is left out.

Not here: believing it. Sources: the push payloads of GitHub, GitLab, Gitea, Bitbucket Cloud and Data Center.
"""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from stagemail.web.hooks import Headers, HookType

PUSH: Final = {
    "github": ((b"x-github-event",), (b"push",)),
    "gitlab": ((b"x-gitlab-event",), (b"Push Hook", b"System Hook")),
    "gitea": ((b"x-gitea-event", b"x-forgejo-event"), (b"push",)),
    "bitbucket": ((b"x-event-key",), (b"repo:push", b"repo:refs_changed")),
}
"""The headers that name the event, and the events that are pushes; a generic sender sends nothing else."""
_LONGEST: Final = 300
_BRANCH: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Push:
    """``branches`` empty: not known. ``repository``: as its host calls it (``owner/name``), "" where not known."""

    hook: str
    repository: str = ""
    branches: tuple[str, ...] = ()


def is_push(kind: HookType, headers: Headers) -> bool:
    """Whether the event is a push; other events (a ping) are no reason to look."""
    if kind not in PUSH:
        return True
    names, events = PUSH[kind]
    return any(key in names and value.strip() in events for key, value in headers)


def push_of(hook: str, headers: Headers, body: bytes) -> Push:
    """The push, as far as it can be read. Never raises: an unreadable body is still a reason to look."""
    try:
        said = json.loads(_payload(headers, body))
    except (ValueError, RecursionError):
        return Push(hook)
    if not isinstance(said, dict):
        return Push(hook)
    return Push(hook, _repository(said), _branches(said))


def _payload(headers: Headers, body: bytes) -> bytes:
    """GitHub can be told to send a form with the JSON in its field ``payload``."""
    kind = next((value for key, value in headers if key == b"content-type"), b"")
    if not kind.startswith(b"application/x-www-form-urlencoded"):
        return body
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    return fields.get("payload", [""])[0].encode()


def _repository(said: dict[str, Any]) -> str:
    repository, project = said.get("repository"), said.get("project")
    found: Any = None
    if isinstance(project, dict):
        found = project.get("path_with_namespace")
    if found is None and isinstance(repository, dict):
        found = repository.get("full_name") or repository.get("slug")
    elif found is None:
        found = repository
    return _text(found)


def _branches(said: dict[str, Any]) -> tuple[str, ...]:
    """Empty where any of it is not plain: then every branch may have moved."""
    refs: list[Any] = []
    push = said.get("push")
    if isinstance(said.get("ref"), str):
        refs = [said["ref"]]
    elif isinstance(push, dict) and isinstance(push.get("changes"), list):
        refs = [_named(change) for change in push["changes"][:100]]
    elif isinstance(said.get("changes"), list):
        refs = [_id(change) for change in said["changes"][:100]]
    names = [_text(ref.removeprefix(_BRANCH)) if isinstance(ref, str) else "" for ref in refs]
    return tuple(sorted(set(names))) if names and all(names) else ()


def _named(change: Any) -> Any:
    """Bitbucket Cloud: the branch before or after; one of them is null."""
    for side in ("new", "old"):
        one = change.get(side) if isinstance(change, dict) else None
        if isinstance(one, dict):
            return one.get("name")
    return None


def _id(change: Any) -> Any:
    ref = change.get("ref") if isinstance(change, dict) else None
    return ref.get("id") if isinstance(ref, dict) else None


def _text(value: Any) -> str:
    good = isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()
    return value if good else ""
