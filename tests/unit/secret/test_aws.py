"""AWS: versions, labels, roles and refusals. moto's server over HTTP; a server of our own where AWS itself is wrong."""

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.secret_rigs import Moto, ambient
from tests.unit.secret.answering import Answer, Call, authority, serving

from stagemail.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    SecretUnexpected,
    SecretUnusable,
    StagemailError,
    Unreachable,
)
from stagemail.model.secret import SecretRef
from stagemail.secret import aws, aws_parameter_store, aws_secrets_manager

CANARY = "canary-7f3a91"
BUILDERS = [aws_secrets_manager.build, aws_parameter_store.build]
ROLE = "arn:aws:iam::123456789012:role/stagemail"


@pytest.fixture(scope="module")
def servers() -> Iterator[Moto]:
    made = Moto()
    yield made
    made.close()


@pytest.fixture
def moto(servers: Moto) -> Moto:
    servers.reset()
    return servers


@pytest.fixture(autouse=True)
def _ambient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ambient(monkeypatch, tmp_path)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def ref(key: str = "qa/smtp", **more: str) -> SecretRef:
    return SecretRef("aws", key, **more)


def test_versions_and_labels_of_secrets_manager_can_be_pinned(moto: Moto) -> None:
    client = moto.client("secretsmanager")
    first = client.create_secret(Name="qa/smtp", SecretString="one")["VersionId"]
    second = client.put_secret_value(SecretId="qa/smtp", SecretString="two")["VersionId"]
    store = aws_secrets_manager.build(moto.settings, Path(), {})
    newest = store.read(ref())
    assert (newest.value.reveal(), newest.version) == ("two", second)
    assert newest.created.endswith("+00:00")
    pinned = store.read(ref(version=first))
    assert (pinned.value.reveal(), pinned.version) == ("one", first)
    labelled = store.read(ref(version="AWSPREVIOUS"))
    assert (labelled.value.reveal(), labelled.version) == ("one", "AWSPREVIOUS")
    with pytest.raises(SecretUnusable, match="has no version"):
        store.read(ref(version="0" * 32))


def test_a_secret_that_is_scheduled_for_deletion_is_unusable(moto: Moto) -> None:
    client = moto.client("secretsmanager")
    client.create_secret(Name="qa/smtp", SecretString="one")
    client.delete_secret(SecretId="qa/smtp", RecoveryWindowInDays=7)
    with pytest.raises(SecretUnusable, match="scheduled for deletion"):
        aws_secrets_manager.build(moto.settings, Path(), {}).read(ref())


def test_parameters_are_decrypted_and_their_versions_and_labels_pinned(moto: Moto) -> None:
    client = moto.client("ssm")
    for value in ("one", "two"):
        client.put_parameter(Name="/mail/qa/smtp", Value=value, Type="SecureString", Overwrite=True)
    client.label_parameter_version(Name="/mail/qa/smtp", ParameterVersion=1, Labels=["before"])
    store = aws_parameter_store.build({**moto.settings, "path": "/mail"}, Path(), {})
    newest = store.read(ref())
    assert (newest.value.reveal(), newest.version) == ("two", "2")
    assert newest.created.endswith("+00:00")
    assert store.read(ref(version="1")).value.reveal() == "one"
    assert store.read(ref(version="before")).version == "before"
    with pytest.raises(SecretUnusable, match="has no version 7"):
        store.read(ref(version="7"))


@pytest.mark.parametrize("kind", ["String", "StringList"])
def test_a_parameter_that_is_kept_as_plain_text_is_refused(moto: Moto, kind: str) -> None:
    moto.client("ssm").put_parameter(Name="/mail/qa/smtp", Value=CANARY, Type=kind)
    with pytest.raises(SecretUnusable, match="plain text") as caught:
        aws_parameter_store.build({**moto.settings, "path": "/mail"}, Path(), {}).read(ref())
    assert "SecureString" in caught.value.hint
    assert CANARY not in str(caught.value)


def test_without_a_path_a_name_is_read_as_it_is(moto: Moto) -> None:
    client = moto.client("ssm")
    client.put_parameter(Name="smtp", Value="flat", Type="SecureString")
    client.put_parameter(Name="/qa/smtp", Value="deep", Type="SecureString")
    store = aws_parameter_store.build(moto.settings, Path(), {})
    assert store.read(ref("smtp")).value.reveal() == "flat"
    assert store.read(ref()).value.reveal() == "deep"


def test_a_role_is_assumed_once_with_the_external_id() -> None:
    with serving(_sts_and_secret) as server:
        settings = {
            "region": "eu-central-1",
            "endpointUrl": server.url,
            "stsEndpointUrl": server.url,
            "roleArn": ROLE,
            "externalId": "ours",
        }
        store = aws_secrets_manager.build(settings, Path(), {})
        assert [store.read(ref()).value.reveal() for _ in range(3)] == ["as-role"] * 3
        assumed = [call for call in server.calls if b"AssumeRole" in call.body]
    assert len(assumed) == 1
    assert b"ExternalId=ours" in assumed[0].body
    assert b"stagemail" in assumed[0].body
    assert "Credential=key-of-a-role/" in server.calls[-1].headers["Authorization"]


def _sts_and_secret(call: Call) -> Answer:
    if b"AssumeRole" in call.body:
        keys = (
            "<AccessKeyId>key-of-a-role</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>t</SessionToken>"
        )
        inner = f"<Credentials>{keys}<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        text = f"<AssumeRoleResponse><AssumeRoleResult>{inner}</AssumeRoleResult></AssumeRoleResponse>"
        return Answer(body=text.encode(), headers=(("X", "y"),))
    return Answer(body={"Name": "qa/smtp", "VersionId": "v" * 32, "SecretString": "as-role"})


def refusal(code: str, status: int = 400) -> Answer:
    return Answer(status, {"__type": f"com.amazonaws#{code}", "message": CANARY})


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("AccessDeniedException"), NotPermitted),
        (refusal("UnrecognizedClientException"), NotPermitted),
        (refusal("ExpiredTokenException"), NotPermitted),
        (refusal("ThrottlingException"), Unreachable),
        (refusal("InternalServiceError", 500), Unreachable),
        (Answer(200, f"<html>{CANARY}</html>".encode()), SecretUnexpected),
        (Answer(200, {"login": CANARY}), SecretUnexpected),
        (Answer(302, f"<html>{CANARY}</html>".encode(), (("Location", "/login"),)), SecretUnexpected),
        (Answer(403, f"<html>{CANARY}</html>".encode()), NotPermitted),
    ],
)
def test_each_refusal_is_its_own_error_without_the_answer_in_it(
    build: Any, answer: Answer, kind: type[StagemailError]
) -> None:
    with serving(lambda _: answer) as server:
        with pytest.raises(kind) as caught:
            build({"region": "eu-central-1", "endpointUrl": server.url}, Path(), {}).read(ref())
        assert type(caught.value) is kind
        assert caught.value.hint
        assert caught.value.__context__ is None
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        assert len(server.calls) <= 3
        assert all(call.path == "/" for call in server.calls)


def test_decryption_that_is_not_allowed_names_the_key_right() -> None:
    with serving(lambda _: refusal("DecryptionFailure")) as server, pytest.raises(NotPermitted) as caught:
        aws_secrets_manager.build({"region": "eu-central-1", "endpointUrl": server.url}, Path(), {}).read(ref())
    assert "kms:Decrypt" in caught.value.hint


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    "key",
    [
        "",
        "..",
        "a/../b",
        "/qa/smtp",
        "a//b",
        "a%2fb",
        "a:1",
        "arn:aws:ssm:eu-central-1:1:parameter/x",
        "a b",
        "x" * 300,
    ],
)
def test_a_key_that_could_mean_another_place_is_refused(build: Any, key: str) -> None:
    with pytest.raises(InvalidInput):
        build({"region": "eu-central-1", "endpointUrl": "http://127.0.0.1:9"}, Path(), {}).read(ref(key))


def test_nobody_at_the_address_is_unreachable() -> None:
    settings = {"region": "eu-central-1", "endpointUrl": "http://127.0.0.1:9"}
    with pytest.raises(Unreachable) as caught:
        aws_secrets_manager.build(settings, Path(), {}).read(ref())
    assert "endpointUrl" in caught.value.hint


def test_no_region_no_profile_and_no_login_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidInput, match="no region"):
        aws_secrets_manager.build({}, Path(), {}).read(ref())
    with pytest.raises(NotFound, match="profile"):
        aws_secrets_manager.build({"profile": "nobody", "region": "eu-central-1"}, Path(), {}).read(ref())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    settings = {"region": "eu-central-1", "endpointUrl": "http://127.0.0.1:9"}
    with pytest.raises(NotPermitted, match="no login"):
        aws_secrets_manager.build(settings, Path(), {}).read(ref())


def test_a_private_authority_is_trusted_where_the_store_says_so(tmp_path: Path) -> None:
    ca, context = authority(tmp_path)
    good = Answer(body={"Name": "qa/smtp", "VersionId": "v" * 32, "SecretString": "over-tls"})
    with serving(lambda _: good, context) as server:
        settings = {"region": "eu-central-1", "endpointUrl": server.url}
        store = aws_secrets_manager.build({**settings, "caFile": ca.name}, tmp_path, {})
        assert store.read(ref()).value.reveal() == "over-tls"
        with pytest.raises(Unreachable, match="not trusted"):
            aws_secrets_manager.build(settings, tmp_path, {}).read(ref())


@pytest.mark.parametrize("service", ["secretsmanager", "ssm"])
def test_the_environment_does_not_choose_the_address(service: str) -> None:
    client = aws.AwsClient(service, {"region": "eu-central-1"}, Path())
    assert client._connected().meta.endpoint_url == f"https://{service}.eu-central-1.amazonaws.com"


def test_time_and_tries_are_bounded() -> None:
    assert (aws.LIMITS.connect_timeout, aws.LIMITS.read_timeout) == (5, 10)
    assert json.loads(json.dumps(aws.LIMITS.retries))["total_max_attempts"] == 3
