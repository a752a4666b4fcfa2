"""What preflight and test mail log in with: after the grants, for where the configuration would send it."""

from dataclasses import replace

import pytest

from stagemail.errors import GrantRefused
from stagemail.model import email
from stagemail.model.secret import SecretRef
from stagemail.reconcile.uses import secrets_for, uses_of


def test_a_granted_stage_gets_its_secrets_by_field(house) -> None:
    found = secrets_for(house.desired(), house.world().credentials)
    assert {name: secret.reveal() for name, secret in found.items()} == {email.PASSWORD: "first-password"}


def test_the_same_secret_for_another_host_is_refused_before_any_store_is_called(house) -> None:
    house.fields[email.HOST] = "smtp.evil.example"
    with pytest.raises(
        GrantRefused, match=r"to smtp.evil.example:587; it is granted for smtp.example.com:25"
    ) as caught:
        secrets_for(house.desired(), house.world().credentials)
    assert 'destinations: ["smtp.evil.example:587"]' in caught.value.hint
    assert house.store.reads == []


def test_another_stages_secret_is_refused_before_any_store_is_called(house) -> None:
    house.fields[email.PASSWORD] = SecretRef("vault", "PRODUCTION")
    with pytest.raises(GrantRefused, match="stage qa may not use the secret vault:PRODUCTION"):
        secrets_for(house.desired(), house.world().credentials)
    assert house.store.reads == []


def test_a_client_secret_needs_the_grant_for_its_token_url_and_for_the_server(house) -> None:
    house.fields |= {email.CLIENT_SECRET: SecretRef("vault", "SMTP_QA"), email.TOKEN_URL: "https://login.example.com/t"}
    assert uses_of(house.desired())[email.CLIENT_SECRET].destinations == (
        "smtp.example.com:587",
        "https://login.example.com/t",
    )
    with pytest.raises(GrantRefused, match=r"to https://login\.example\.com/t"):
        secrets_for(house.desired(), house.world().credentials)


def test_a_stage_without_configuration_uses_none(house) -> None:
    assert uses_of(replace(house.desired(), configuration=None)) == {}
    assert uses_of(None) == {}
