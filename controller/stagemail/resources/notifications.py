"""Notifications and commit statuses: whom the controller tells what happened.

Not here: telling them (``notify``, ``host``).
"""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from stagemail.model.notice import NoticeKind
from stagemail.resources.duration import Seconds
from stagemail.resources.secret_reference import SecretReference
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Line, Name

_FILE: Final = "stagemail design: the operator file"
_APPRISE: Final = "apprise documentation: URL basics"


class ByMail(Shape):
    """Mail through the configuration of a stage: its server, login and sender as Git has them."""

    stage: Name = rule("The stage whose configuration sends it.", example="production", source=_FILE)
    to: Annotated[list[Line], Field(min_length=1, max_length=50), Unique()] = rule(
        "Who gets it.", example=["mail-team@example.com"], source=_FILE
    )


class Notification(Shape):
    """One way to tell people: an address of apprise, or mail through our own configuration."""

    url: SecretReference | None = rule(
        "The secret with the whole apprise address: it holds tokens (slack://…, mailtos://…, jsons://…).",
        example={"secretRef": {"store": "env", "key": "NOTIFY_OPS"}},
        source=_APPRISE,
        default=None,
    )
    mail: ByMail | None = rule(
        "Mail through a stage's own configuration, instead of `url`. A grant must let that stage's secret be used.",
        example={"stage": "production", "to": ["mail-team@example.com"]},
        source=_FILE,
        default=None,
    )
    events: Annotated[list[NoticeKind], Field(min_length=1, max_length=10), Unique()] = rule(
        "What is told: stalled (somebody is needed, to approve as well), not-ready, ready (again), applied (something "
        "was written), source (it cannot be seen), journal (it cannot be copied to its branch).",
        example=["stalled", "ready"],
        source=_FILE,
        default=["stalled", "not-ready", "ready", "source", "journal"],
    )
    stages: Annotated[list[Name], Field(max_length=1000), Unique()] = rule(
        "Of which stages; left out: all.", example=["production"], source=_FILE, default=[]
    )
    again: Seconds = rule(
        "After how long the same news of the same stage and revision may be told again.",
        example="12h",
        source=_FILE,
        default="1d",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url is None) == (self.mail is None):
            raise ValueError("write either `url` or `mail`")
        return self


class CommitStatuses(Shape):
    """Where the Git host shows beside each commit what became of it in each stage."""

    type: Literal["github", "gitlab", "gitea"] = rule(
        "The host's kind; gitea is Forgejo as well.",
        example="github",
        source="GitHub, GitLab and Gitea API: commit statuses",
    )
    url: Line | None = rule(
        "The API's address. Left out: api.github.com, gitlab.com; needed for gitea (https://HOST/api/v1).",
        example="https://git.example.com/api/v1",
        source="GitHub, GitLab and Gitea API: commit statuses",
        default=None,
    )
    repository: Line = rule(
        "The repository as its host calls it.", example="acme/mail", source="GitHub, GitLab and Gitea API"
    )
    token: SecretReference = rule(
        "A token that may write commit statuses of this repository and nothing else.",
        example={"secretRef": {"store": "env", "key": "STATUS_TOKEN"}},
        source="GitHub docs: fine-grained tokens, commit statuses: write",
    )

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.type == "gitea" and self.url is None:
            raise ValueError("gitea needs `url`, such as https://HOST/api/v1")
        return self
