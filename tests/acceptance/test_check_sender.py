"""check-sender as an admin runs it: with the operator's resolver, with none that answers, and from a plan."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import jsonschema
import pytest
from tests.acceptance.bench import Bench
from tests.dns.server import nsd, require

from stagemail.report.schema import schema_texts


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    require()
    with nsd() as made:
        yield made


def resolve_at(bench: Bench, port: int, more: str = "") -> None:
    dns = f'dns: {{nameservers: ["127.0.0.1:{port}"], timeout: 1s{more}}}\n'
    bench.write("stagemail.yaml", bench.read("stagemail.yaml") + dns)
    bench.change("environments/qa/email.yaml", "no-reply@qa.example.com", "no-reply@good.example")


def test_the_operators_resolver_says_whether_mail_is_believed(bench: Bench, port: int) -> None:
    resolve_at(bench, port, ", relays: {smtp.example.com: [203.0.113.25]}")
    bench.unset("STAGEMAIL_SMTP_QA")  # no credential is read
    said = bench.run("check-sender", "qa")
    said.shows("qa: good.example through smtp.example.com", "good.example permits 203.0.113.25")
    said.shows(
        "SPF speaks for good.example", "the file names no DKIM selector", "not everything could be checked for 1"
    )
    assert all(len(line) <= 80 for line in said.out.splitlines()), said.out
    found = json.loads(bench.run("check-sender", "qa", "--format", "json").out)
    jsonschema.validate(found, json.loads(schema_texts()["check-sender.schema.json"]))
    assert found["stages"][0]["passed"] and found["retryable"] == []
    bench.change("environments/qa/email.yaml", "@good.example", "@good.example, dkimSelectors: [s1, gone]")
    said = bench.run("check-sender", "qa", expect=1)
    said.shows("s1._domainkey.good.example has an rsa key of 2048 bits", "gone._domainkey.good.example has no key")
    bench.run("check-sender", "qa", "development", expect=1)


def test_offline_is_not_checked_and_never_a_pass(bench: Bench) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        resolve_at(bench, silent.getsockname()[1])
        said = bench.run("check-sender", "qa", expect=1)
        said.shows("? domain: good.example: no answer in time (worth trying again as it is)", "0 of 1 stages")
        assert " ok " not in said.out
        assert json.loads(bench.run("check-sender", "qa", "--format", "json", expect=1).out)["retryable"] == ["qa"]
        bench.run("plan", "qa", "--check-sender").shows("Not checked in DNS: no pass", "no answer in time")


def test_a_plan_asks_dns_only_where_it_is_told_to(bench: Bench, port: int) -> None:
    resolve_at(bench, port)
    bench.change("environments/qa/email.yaml", "@good.example", "@null.example")
    assert "DNS" not in bench.run("plan", "qa").out
    said = bench.run("plan", "qa", "--check-sender")
    said.shows("Receivers may not believe this sender", "null MX")


def test_a_resolver_that_is_no_address_is_refused(bench: Bench) -> None:
    bench.write("stagemail.yaml", bench.read("stagemail.yaml") + 'dns: {nameservers: ["dns.example.com"]}\n')
    bench.run("check-sender", "qa", expect=1).shows("`dns.example.com` cannot be used here")
