"""Web: where the controller listens, and which Git hosts may ask it to look.

Not here: listening (``web``).
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Name

_FILE: Final = "stagemail design: the operator file"
Address = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-f:.]{2,45}\]|[0-9A-Za-z.-]{1,253}):[0-9]{1,5}$")]


class WebHook(Shape):
    """One address, /hooks/<name>, that a Git host calls after a push."""

    type: Literal["github", "gitlab", "gitea", "bitbucket", "generic"] = rule(
        "Who calls, and so how it is signed; gitea is Forgejo as well, generic is Standard Webhooks.",
        example="github",
        source="GitHub, GitLab, Gitea and Bitbucket docs: webhooks; standardwebhooks.com",
    )
    secret: SecretReference = rule(
        "The secret that both sides know: at least 16 characters, for this hook only.",
        example={"secretRef": {"store": "env", "key": "HOOK_GITHUB"}},
        source="stagemail design: credentials are references into secret stores",
    )
    sources: Annotated[list[Name], Field(max_length=1000), Unique()] = rule(
        "The sources that it asks to look at; left out: all.", example=["shop"], source=_FILE, default=[]
    )


class Web(Shape):
    """The port of the controller: webhooks, health, metrics, the status page."""

    listen: Address = rule(
        "Address and port. Health, metrics and the status page need no login: let only a proxy with TLS, which passes "
        "/hooks/ on, and your monitoring reach it.",
        example="127.0.0.1:8090",
        source=_FILE,
        default="127.0.0.1:8090",
    )
    hooks: Annotated[dict[Name, WebHook], Field(max_length=100)] = rule(
        "The webhooks, by the name that ends their address.",
        example={"github": {"type": "github", "secret": {"secretRef": {"store": "env", "key": "HOOK_GITHUB"}}}},
        source=_FILE,
        default={},
    )
