"""OpenBao itself: versions, logins, namespaces, policies, and logins that end in the middle of a run."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.openbao import ROOT_TOKEN, OpenBao, require

from stagemail.errors import NotFound, NotPermitted, SecretEmpty, SecretUnusable, Unreachable
from stagemail.model.secret import SecretRef
from stagemail.secret.vault import VaultStore, build
from stagemail.secret.vault_login import VaultSession

POLICY = 'path "secret/data/qa/*" { capabilities = ["read"] }'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    require()
    made = OpenBao(tmp_path_factory.mktemp("openbao"))
    made.call("POST", "sys/policies/acl/mail", {"policy": POLICY})
    made.call("POST", "sys/auth/approle", {"type": "approle"})
    made.call("POST", "auth/approle/role/mail", {"token_policies": ["mail"], "token_ttl": "1h"})
    yield made
    made.close()


@pytest.fixture
def bao(server: OpenBao) -> OpenBao:
    server.forget("qa/smtp")
    return server


def store(bao: OpenBao, token: str = ROOT_TOKEN, **more: Any) -> VaultStore:
    settings = {"address": bao.url, "login": {"method": "token", "variable": "T"}, **more}
    return build(settings, Path(), {"T": token})


def ref(key: str = "qa/smtp", **more: str) -> SecretRef:
    return SecretRef("vault", key, **more)


def test_every_version_of_a_secret_can_be_pinned(bao: OpenBao) -> None:
    for value in ("one", "two"):
        bao.put("qa/smtp", {"password": value, "user": "mailer"})
    newest = store(bao).read(ref(field="password"))
    assert (newest.value.reveal(), newest.version, newest.expires) == ("two", "2", "")
    assert newest.created.startswith("20")
    assert store(bao).read(ref(field="password", version="1")).value.reveal() == "one"
    with pytest.raises(SecretUnusable, match="has no version 9"):
        store(bao).read(ref(field="password", version="9"))
    with pytest.raises(SecretUnusable, match="2 fields"):
        store(bao).read(ref())
    with pytest.raises(NotFound):
        store(bao).read(ref("qa/nothing"))


def test_deleted_and_destroyed_versions_are_told_apart(bao: OpenBao) -> None:
    bao.put("qa/smtp", {"password": "one"})
    bao.call("DELETE", "secret/data/qa/smtp")
    with pytest.raises(NotFound, match="version 1 was deleted") as deleted:
        store(bao).read(ref())
    assert "undelete" in deleted.value.hint
    bao.call("PUT", "secret/destroy/qa/smtp", {"versions": [1]})
    with pytest.raises(SecretUnusable, match="version 1 was destroyed"):
        store(bao).read(ref())
    bao.put("qa/smtp", {})
    with pytest.raises(SecretEmpty):
        store(bao).read(ref())


def test_a_version_that_will_be_deleted_tells_when(bao: OpenBao) -> None:
    bao.call("POST", "secret/metadata/qa/smtp", {"delete_version_after": "72h"})
    bao.put("qa/smtp", {"password": "one"})
    answer = store(bao).read(ref())
    assert answer.expires > answer.created[:10]


def test_a_namespace_has_its_own_secrets(bao: OpenBao) -> None:
    bao.call("POST", "sys/namespaces/team-a", {})
    bao.mount("team-a")
    bao.put("qa/smtp", {"password": "outside"})
    bao.put("qa/smtp", {"password": "inside"}, namespace="team-a")
    assert store(bao, namespace="team-a").read(ref()).value.reveal() == "inside"
    assert store(bao).read(ref()).value.reveal() == "outside"


def approle(bao: OpenBao, **role: object) -> tuple[dict[str, Any], dict[str, str]]:
    if role:
        bao.call("POST", "auth/approle/role/mail", {"token_policies": ["mail"], "token_ttl": "1h", **role})
    role_id = bao.call("GET", "auth/approle/role/mail/role-id")["data"]["role_id"]
    secret_id = bao.call("POST", "auth/approle/role/mail/secret-id", {})["data"]["secret_id"]
    login = {"method": "approle", "variable": "SECRET_ID"}
    return {"address": bao.url, "login": login}, {"VAULT_ROLE_ID": role_id, "SECRET_ID": secret_id}


def test_approle_reads_what_its_policy_allows_and_nothing_else(bao: OpenBao) -> None:
    bao.put("qa/smtp", {"password": "one"})
    settings, environ = approle(bao)
    opened = build(settings, Path(), environ)
    assert opened.read(ref()).value.reveal() == "one"
    with pytest.raises(NotPermitted, match="permission denied") as caught:
        opened.read(ref("production/smtp"))
    assert "policy" in caught.value.hint
    with pytest.raises(NotPermitted, match="refused"):
        build(settings, Path(), {**environ, "SECRET_ID": "wrong"}).read(ref())


def test_a_login_that_is_revoked_in_the_middle_is_made_anew(bao: OpenBao) -> None:
    bao.put("qa/smtp", {"password": "one"})
    settings, environ = approle(bao)
    session = VaultSession(settings, Path(), environ)
    opened = VaultStore(session, "secret")
    opened.read(ref())
    first = session.adapter().token
    bao.call("POST", "auth/token/revoke", {"token": first})
    assert opened.read(ref()).value.reveal() == "one"
    assert session.adapter().token != first


def test_a_lease_is_renewed_before_it_ends_and_needs_no_second_login(bao: OpenBao) -> None:
    bao.put("qa/smtp", {"password": "one"})
    settings, environ = approle(bao, secret_id_num_uses=1)
    now = [0.0]
    session = VaultSession(settings, Path(), environ, lambda: now[0])
    opened = VaultStore(session, "secret")
    opened.read(ref())
    first = session.adapter().token
    now[0] = 3600 * 0.8
    assert opened.read(ref()).value.reveal() == "one"
    assert session.adapter().token == first
    bao.call("POST", "auth/token/revoke", {"token": first})
    with pytest.raises(NotPermitted):
        opened.read(ref())


def test_a_token_in_a_file_is_read_again(bao: OpenBao, tmp_path: Path) -> None:
    bao.put("qa/smtp", {"password": "one"})
    now, file = [0.0], tmp_path / "token"
    made = [bao.call("POST", "auth/token/create", {"policies": ["mail"]})["auth"]["client_token"] for _ in range(2)]
    file.write_text(made[0])
    login = {"method": "token", "file": "token"}
    session = VaultSession({"address": bao.url, "login": login}, tmp_path, {}, lambda: now[0])
    opened = VaultStore(session, "secret")
    opened.read(ref())
    file.write_text(made[1] + "\n")
    now[0] = 61.0
    opened.read(ref())
    assert session.adapter().token == made[1]


def test_a_jwt_of_the_workload_logs_in(bao: OpenBao, tmp_path: Path) -> None:
    bao.put("qa/smtp", {"password": "one"})
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    bao.call("POST", "sys/auth/workload", {"type": "jwt"})
    bao.call("POST", "auth/workload/config", {"jwt_validation_pubkeys": [public.decode()], "bound_issuer": "ci"})
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["bao"], "token_policies": ["mail"]}
    bao.call("POST", "auth/workload/role/mail", role)
    claims = {"iss": "ci", "sub": "mail", "aud": "bao", "iat": int(time.time()), "exp": int(time.time()) + 600}
    (tmp_path / "token").write_text(jwt.encode(claims, key, algorithm="RS256"))
    login = {"method": "jwt", "mount": "workload", "role": "mail", "file": "token"}
    opened = build({"address": bao.url, "login": login}, tmp_path, {})
    assert opened.read(ref()).value.reveal() == "one"
    with pytest.raises(NotPermitted):
        build({"address": bao.url, "login": {**login, "role": "other"}}, tmp_path, {}).read(ref())


def test_kv_version_1_and_a_mount_that_is_none_are_named(bao: OpenBao) -> None:
    bao.call("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    bao.call("POST", "old/qa/smtp", {"password": "one"})
    for mount in ("old", "nowhere"):
        with pytest.raises((NotFound, NotPermitted)) as caught:
            store(bao, mount=mount).read(ref())
        assert caught.value.hint


def test_a_token_that_is_none_is_refused(bao: OpenBao) -> None:
    with pytest.raises(NotPermitted, match="permission denied"):
        store(bao, "no-token").read(ref())


def test_a_sealed_server_is_unreachable_for_now(tmp_path: Path) -> None:
    require()
    own = OpenBao(tmp_path)
    try:
        own.call("PUT", "sys/seal", {})
        with pytest.raises(Unreachable, match="sealed"):
            store(own).read(ref())
    finally:
        own.close()
