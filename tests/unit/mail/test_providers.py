"""The data on providers: every rule has its source, names a known step, and is the one that its reply meets."""

import re
from typing import get_args

import pytest

from stagemail.mail import providers
from stagemail.mail.explaining import refusal
from stagemail.mail.wire import Reply
from stagemail.model.probe import StepName

VERSION, KNOWN = providers.known()
RULES = [(provider, rule) for provider in KNOWN for rule in provider.rules]


def test_the_data_has_a_date_and_the_providers_that_people_use() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", VERSION)
    names = {provider.name for provider in KNOWN}
    assert names >= {"Microsoft 365", "Google Workspace", "Amazon SES", "SendGrid", "Mailgun", "Postmark"}


@pytest.mark.parametrize(("provider", "rule"), RULES, ids=lambda it: getattr(it, "name", getattr(it, "reply", "")))
def test_a_rule_is_met_by_its_own_reply(provider: providers.Provider, rule: providers.Rule) -> None:
    assert rule.step in get_args(StepName)
    assert rule.source.startswith("https://") and provider.source.startswith("https://")
    code, _, rest = rule.reply.partition(" ")
    reply = Reply(int(code), (f"{rest} {rule.says.upper()}".strip(),))
    fault = refusal(rule.step, reply, provider)  # type: ignore[arg-type]
    assert (fault.code, fault.cause, fault.next_step, fault.source) == (rule.code, rule.cause, rule.next, rule.source)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("SMTP.office365.com.", "Microsoft 365"), ("contoso-com.mail.protection.outlook.com", "Microsoft 365"),
        ("email-smtp.eu-west-1.amazonaws.com", "Amazon SES"), ("smtp-relay.gmail.com", "Google Workspace"),
        ("smtp.office365.com.evil.example", ""), ("smtp.example.com", ""),
    ],
)  # fmt: skip
def test_a_provider_is_known_by_its_servers_name_alone(host: str, name: str) -> None:
    found = providers.of(host)
    assert (found.name if found else "") == name


def test_a_providers_meaning_is_not_given_to_another_ones_reply() -> None:
    reply = Reply(535, ("5.7.139 Authentication unsuccessful, basic authentication is disabled.",))
    assert refusal("auth", reply, None).code == "wrong-password"
    assert refusal("auth", reply, providers.of("smtp.office365.com")).code == "basic-auth-off"
