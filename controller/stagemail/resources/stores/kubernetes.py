"""Settings of the secret store kubernetes. Not here: reading it (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class KubernetesStore(Shape):
    """Secrets of a Kubernetes cluster."""

    type: Literal["kubernetes"] = rule("Secrets of a Kubernetes cluster.", example="kubernetes", source=_STORES)
