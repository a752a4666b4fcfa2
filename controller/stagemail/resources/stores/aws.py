"""Settings of the secret stores aws-secrets-manager and aws-parameter-store. Not here: reading them (``secret``)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from stagemail.resources.duration import LastingSeconds
from stagemail.resources.shape import Shape, rule
from stagemail.resources.stores.address import Address, OptionalLine, ca_file, timeout
from stagemail.resources.text import Line

_STORES = "stagemail design: the operator file"
_DOCS = "AWS docs: Boto3 credentials and configuration"
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$")]
ParameterPath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9_.-]+){1,14}$")]


class _Aws(Shape):
    """Where and as whom AWS is asked. The credentials come from the AWS default chain, never from this file."""

    region: Region | None = rule(
        "The region; left out: what the AWS default chain says (AWS_REGION, AWS_DEFAULT_REGION, the profile).",
        example="eu-central-1",
        source=_DOCS,
        default=None,
    )
    profile: Line | None = rule(
        "A profile of the AWS configuration files; left out: the default chain.",
        example="mail-admin",
        source=_DOCS,
        default=None,
    )
    role_arn: RoleArn | None = rule(
        "A role that is assumed with the chain's credentials before anything is read.",
        example="arn:aws:iam::111122223333:role/stagemail",
        source="AWS docs: sts AssumeRole",
        default=None,
    )
    external_id: Line | None = rule(
        "The external id that the role asks for.", example="stagemail", source="AWS docs: sts AssumeRole", default=None
    )
    endpoint_url: Address | None = rule(
        "Another address of the service, such as a VPC endpoint; left out: the region's own. The variables "
        "AWS_ENDPOINT_URL… and the profile's `endpoint_url` are not followed.",
        example="https://vpce-0a1b.secretsmanager.eu-central-1.vpce.amazonaws.com",
        source="AWS docs: service-specific endpoints",
        default=None,
    )
    sts_endpoint_url: Address | None = rule(
        "Another address of STS, for `roleArn`; left out: the region's own.",
        example="https://vpce-0a1b.sts.eu-central-1.vpce.amazonaws.com",
        source="AWS docs: service-specific endpoints",
        default=None,
    )
    ca_file: OptionalLine = ca_file(_DOCS)
    timeout: LastingSeconds = timeout()


class AwsSecretsManagerStore(_Aws):
    """AWS Secrets Manager."""

    type: Literal["aws-secrets-manager"] = rule("AWS Secrets Manager.", example="aws-secrets-manager", source=_STORES)


class AwsParameterStore(_Aws):
    """AWS Systems Manager Parameter Store."""

    type: Literal["aws-parameter-store"] = rule(
        "AWS Systems Manager Parameter Store.", example="aws-parameter-store", source=_STORES
    )
    path: ParameterPath | None = rule(
        "Put before each key: with /stagemail the key qa/smtp is the parameter /stagemail/qa/smtp, and no key leads "
        "out of it. Left out: a key with a slash starts at the root.",
        example="/stagemail",
        source="AWS docs: parameter hierarchies",
        default=None,
    )
