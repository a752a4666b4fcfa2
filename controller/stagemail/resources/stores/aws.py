"""Settings of the secret stores aws-secrets-manager, aws-parameter-store. Not here: reading them (``secret``)."""

from typing import Literal

from stagemail.resources.shape import Shape, rule

_STORES = "stagemail design: the operator file"


class AwsSecretsManagerStore(Shape):
    """AWS Secrets Manager."""

    type: Literal["aws-secrets-manager"] = rule("AWS Secrets Manager.", example="aws-secrets-manager", source=_STORES)


class AwsParameterStore(Shape):
    """AWS Systems Manager Parameter Store."""

    type: Literal["aws-parameter-store"] = rule(
        "AWS Systems Manager Parameter Store.", example="aws-parameter-store", source=_STORES
    )
