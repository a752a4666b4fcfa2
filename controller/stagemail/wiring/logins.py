"""The credentials with which we log in at secret stores, databases and Git hosts, for the net to know them.

Not here: using them; each store's library takes its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from stagemail.model.secret import Secret

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from pydantic import BaseModel

VARIABLES: Final = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_SECRET",
    "BAO_TOKEN", "CI_JOB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "PGPASSWORD", "SOPS_AGE_KEY",
    "VAULT_SECRET_ID", "VAULT_TOKEN",
)  # fmt: skip
"""Variables that are credentials wherever they are set."""


def login_secrets(settings: "Iterable[BaseModel]", environ: Mapping[str, str]) -> Iterator[Secret]:
    """What these variables hold, and those that a store's settings name (``variable``, ``roleVariable`` …)."""
    named = (name for each in settings for name in _named(each.model_dump()))
    for name in sorted({*VARIABLES, *named}):
        if environ.get(name):
            yield Secret(environ[name])


def _named(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _named(value)
        elif key.endswith("variable") and isinstance(value, str):
            yield value
