"""Settings of the stores without a service: environment variables and a directory of files.

Not here: reading them (``secret``).
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stagemail.resources.shape import Shape, rule
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"


class EnvStore(Shape):
    """Environment variables. Only names that begin with the prefix can be read."""

    type: Literal["env"] = rule("Environment variables.", example="env", source=_STORES)
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*_$"), Field(min_length=2, max_length=64)] = rule(
        "Put before each key: key SMTP_QA is read from STAGEMAIL_SMTP_QA; left out: STAGEMAIL_.",
        example="STAGEMAIL_",
        source=_STORES,
        default="STAGEMAIL_",
    )


class FileStore(Shape):
    """A directory with one regular file per credential, as container platforms mount them."""

    type: Literal["file"] = rule("A directory of files.", example="file", source=_STORES)
    path: Line = rule(
        "The directory. A relative path starts at the operator file.", example="/run/secrets/stagemail", source=_STORES
    )
    follow_links_inside: bool = rule(
        "Follow relative links that stay inside the directory, as Kubernetes mounts a Secret.",
        example=True,
        source="Kubernetes docs: Secrets as files",
        default=False,
    )
