"""Settings of the secret store kubernetes. Not here: reading it (``secret``)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.shape import Shape, rule
from stagemail.resources.stores.address import timeout
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "Kubernetes docs: Secrets"


class KubernetesStore(Shape):
    """Secrets of a Kubernetes cluster, of one namespace."""

    type: Literal["kubernetes"] = rule("Secrets of a Kubernetes cluster.", example="kubernetes", source=_STORES)
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] = rule(
        "The namespace; a key cannot leave it.", example="stagemail", source=_DOCS
    )
    kubeconfig: Line | None = rule(
        "The kubeconfig file; left out: the service account of the pod. A relative path starts at the operator file.",
        example="/etc/stagemail/kubeconfig",
        source=_DOCS,
        default=None,
    )
    context: Line | None = rule(
        "The context of the kubeconfig; left out: its current one.", example="production", source=_DOCS, default=None
    )
    timeout: LastingSeconds = timeout()
