"""The credentials with which we log in at secret stores, databases and Git hosts, for the net to know them.

Not here: using them; each store's library takes its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from stagemail.model.secret import Secret

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from pydantic import BaseModel

VARIABLES: Final = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_SECRET",
    "BAO_TOKEN", "CI_JOB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "PGPASSWORD", "SOPS_AGE_KEY",
    "VAULT_SECRET_ID", "VAULT_TOKEN",
)  # fmt: skip
"""Variables that are credentials wherever they are set."""
HEADERS: Final = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
"""Variables that hold headers: ``name=value``, URL-encoded, with commas (OpenTelemetry, "OTLP Exporter")."""
_CREDENTIAL: Final = re.compile(r"auth|key|pass|secret|token|cookie", re.IGNORECASE)


def login_secrets(settings: "Iterable[BaseModel]", environ: Mapping[str, str]) -> Iterator[Secret]:
    """What these variables hold, and those that a store's settings name (``variable``, ``roleVariable`` …)."""
    named = (name for each in settings for name in _named(each.model_dump()))
    for name in sorted({*VARIABLES, *named}):
        if environ.get(name):
            yield Secret(environ[name])
    for name in HEADERS:
        yield from _of_headers(environ.get(name, ""))


def _of_headers(text: str) -> Iterator[Secret]:
    """The values, and what stands after a scheme such as ``Bearer``, of headers that are credentials by their name."""
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        if _CREDENTIAL.search(name) and value.strip():
            whole = unquote(value.strip())
            yield from map(Secret, {whole, whole.rpartition(" ")[2]})


def pgpass_secrets(environ: Mapping[str, str], home: Path) -> Iterator[Secret]:
    """The passwords of libpq's own file, which it reads by itself; none where it cannot be read."""
    try:
        lines = Path(environ.get("PGPASSFILE") or home / ".pgpass").read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        fields = re.split(r"(?<!\\):", line, maxsplit=4)
        if len(fields) == 5 and not line.startswith("#"):
            yield Secret(re.sub(r"\\(.)", r"\1", fields[4]))


def _named(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _named(value)
        elif key.endswith("variable") and isinstance(value, str):
            yield value
