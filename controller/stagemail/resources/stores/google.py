"""Settings of the secret store google-secret-manager. Not here: reading it (``secret``)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.shape import Shape, rule
from stagemail.resources.stores.address import Address, OptionalLine, ca_file, timeout
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "Google Cloud docs: Secret Manager"
_AUTH = "Google Cloud docs: Application Default Credentials"
Project = Annotated[
    str, StringConstraints(pattern=r"^([a-z][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$|^[0-9]{5,20}$")
]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+[0-9]{1,2}$")]
ServiceAccount = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+@[a-z0-9.-]+$")]


class GoogleSecretManagerStore(Shape):
    """Google Secret Manager, of one project."""

    type: Literal["google-secret-manager"] = rule(
        "Google Secret Manager.", example="google-secret-manager", source=_STORES
    )
    project: Project = rule(
        "The project, by id or number; a key cannot leave it.", example="example-mail", source=_DOCS
    )
    location: Location | None = rule(
        "The location of regional secrets; left out: global secrets.",
        example="europe-west3",
        source="Google Cloud docs: regional secrets",
        default=None,
    )
    credentials_file: Line | None = rule(
        "A file with a service account's key or a workload identity configuration; left out: Application Default "
        "Credentials. A relative path starts at the operator file.",
        example="/run/secrets/google.json",
        source=_AUTH,
        default=None,
    )
    impersonate: ServiceAccount | None = rule(
        "A service account that is impersonated with these credentials.",
        example="stagemail@example-mail.iam.gserviceaccount.com",
        source=_AUTH,
        default=None,
    )
    endpoint: Address | None = rule(
        "Another address of the service, such as Private Service Connect; left out: the location's own.",
        example="https://secretmanager-mail.p.googleapis.com",
        source=_DOCS,
        default=None,
    )
    ca_file: OptionalLine = ca_file(_DOCS)
    timeout: LastingSeconds = timeout()
