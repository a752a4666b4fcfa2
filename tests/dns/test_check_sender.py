"""What check-sender finds, with DNS from memory and from a real server, over domains made for it."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.dns.server import nsd, require
from tests.dns.zone import ADDRESS, RELAY, zone

from stagemail.mail.believing import believed
from stagemail.mail.dns_resolver import DnsResolver
from stagemail.mail.memory_dns import MemoryResolver
from stagemail.model.sender import Believed, SenderQuestion
from stagemail.ports import Resolver

SES, OUTLOOK = "email-smtp.eu-west-1.amazonaws.com", "smtp.office365.com"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    require()
    with nsd() as made:
        yield made


@pytest.fixture(scope="module", params=["memory", "nsd"])
def resolver(request: pytest.FixtureRequest) -> Resolver:
    if request.param == "memory":
        return MemoryResolver(zone())
    return DnsResolver([("127.0.0.1", request.getfixturevalue("port"))], 60.0)


def check(resolver: Resolver, domain: str, relay: str = RELAY, envelope: str = "", *addresses: str) -> Believed:
    selectors = () if relay == OUTLOOK else ("s1",)
    return believed(resolver.ask, SenderQuestion("qa", domain, relay, selectors, envelope, addresses))


def codes(found: Believed, *statuses: str) -> list[str]:
    return [finding.code for finding in found.findings if finding.status in statuses]


def test_a_sender_that_is_believed_passes_every_check(resolver: Resolver) -> None:
    found = check(resolver, "good.example")
    assert found.passed
    assert [(f.check, f.status, f.code) for f in found.findings] == [
        ("domain", "passed", "mx"), ("spf", "passed", "spf-pass"), ("dkim", "passed", "dkim-key"),
        ("dmarc", "passed", "dmarc-policy"), ("alignment", "passed", "aligned"), ("mta-sts", "passed", "mta-sts"),
        ("tls-rpt", "passed", "tls-rpt"), ("bimi", "passed", "bimi"),
    ]  # fmt: skip


CASES = [
    ("softfail.example", "spf-softfail", "failed"),
    ("fail.example", "spf-fail", "failed"),
    ("neutral.example", "spf-neutral", "warned"),
    ("anyone.example", "spf-permits-anyone", "failed"),
    ("silent.example", "spf-missing", "failed"),
    ("typo.example", "spf-syntax", "failed"),
    ("network.example", "spf-syntax", "failed"),
    ("twice.example", "spf-several", "failed"),
    ("twice.example", "dmarc-several", "failed"),
    ("loop.example", "spf-loop", "failed"),
    ("many.example", "spf-too-many-lookups", "failed"),
    ("voids.example", "spf-too-many-voids", "failed"),
    ("none.example", "spf-include-none", "failed"),
    ("redirect.example", "spf-pass", "passed"),
    ("mx.example", "spf-pass", "passed"),
    ("a.example", "spf-pass", "passed"),
    ("macro.example", "spf-pass", "passed"),
    ("large.example", "spf-pass", "passed"),
    ("fail.example", "dkim-missing", "failed"),
    ("revoked.example", "dkim-revoked", "failed"),
    ("cut.example", "dkim-syntax", "failed"),
    ("weak.example", "dkim-weak", "warned"),
    ("old.example", "dkim-key", "passed"),
    ("edwards.example", "dkim-key", "passed"),
    ("trial.example", "dkim-testing", "warned"),
    ("good.example", "dkim-key", "passed"),
    ("watched.example", "dmarc-none", "warned"),
    ("wrong.example", "dmarc-syntax", "failed"),
    ("fail.example", "dmarc-missing", "warned"),
    ("org.example", "dmarc-none", "warned"),
    ("sub.org.example", "dmarc-policy", "passed"),
    ("bücher.example", "aligned", "passed"),
    ("null.example", "null-mx", "failed"),
    ("bare.example", "no-mx", "warned"),
    ("empty.example", "no-mail-host", "failed"),
    ("lost.example", "mx-without-address", "failed"),
    ("nowhere.example", "no-such-domain", "failed"),
    ("fail.example", "mta-sts-absent", "absent"),
    ("fail.example", "not-aligned", "warned"),
]


@pytest.mark.parametrize(("domain", "code", "status"), CASES)
def test_each_fault_is_found(resolver: Resolver, domain: str, code: str, status: str) -> None:
    found = check(resolver, domain)
    finding = found.finding(code)
    assert finding is not None, [(f.code, f.message) for f in found.findings]
    assert finding.status == status
    assert status not in ("failed", "warned") or finding.next_step
    assert found.passed == (not codes(found, "failed"))


def test_a_subdomain_has_the_policy_that_the_organization_gives_subdomains(resolver: Resolver) -> None:
    finding = check(resolver, "sub.org.example").finding("dmarc-policy")
    assert finding is not None and (finding.facts["policy"], finding.facts["at"]) == ("reject", "org.example")


def test_a_providers_include_is_looked_for_in_the_envelopes_policy(resolver: Resolver) -> None:
    tenant = check(resolver, "tenant.example", OUTLOOK)
    assert tenant.passed and tenant.finding("spf-provider-permitted") is not None
    assert tenant.finding("dkim-key") is not None  # the selector that Microsoft 365 uses, without a word in the file
    forgot = check(resolver, "forgot.example", OUTLOOK).finding("spf-provider-missing")
    assert forgot is not None and "include:spf.protection.outlook.com" in forgot.next_step and forgot.source


def test_spf_of_the_provider_alone_does_not_speak_for_the_sender(resolver: Resolver) -> None:
    found = check(resolver, "misaligned.example", SES)
    assert (found.envelope, found.provider) == ("amazonses.com", "Amazon SES")
    assert found.finding("spf-provider-permitted") is not None
    finding = found.finding("not-aligned")
    assert finding is not None and finding.status == "failed" and "SPF is of amazonses.com" in finding.message


def test_strict_alignment_wants_the_same_domain(resolver: Resolver) -> None:
    assert check(resolver, "strict.example", RELAY, "bounce.strict.example").finding("not-aligned") is not None
    assert check(resolver, "strict.example").finding("aligned") is not None


def test_a_relay_inside_is_not_checked_until_the_operator_says_what_it_sends_from(resolver: Resolver) -> None:
    found = check(resolver, "good.example", "inside.example")
    finding = found.finding("spf-address-unknown")
    assert finding is not None and finding.status == "not-checked" and "dns: {relays:" in finding.next_step
    assert check(resolver, "good.example", "inside.example", "", ADDRESS).finding("spf-pass") is not None
    assert check(resolver, "good.example", "inside.example", "", "192.0.2.9").finding("spf-fail") is not None


def test_a_chain_of_aliases_leads_to_the_key_and_a_ring_is_no_answer(port: int) -> None:
    resolver = DnsResolver([("127.0.0.1", port)], 60.0)
    assert resolver.ask("s1._domainkey.alias.example", "TXT").status == "found"
    assert resolver.ask("ring.example", "TXT").status in ("failed", "no-data")


def test_a_cut_answer_is_asked_again_by_tcp(port: int) -> None:
    answer = DnsResolver([("127.0.0.1", port)], 60.0).ask("large.example", "TXT")
    assert len(answer.records) == 21  # 4 KB: more than a datagram of EDNS takes


def test_a_resolver_that_is_silent_is_never_a_pass_and_is_given_up_soon() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        found = check(DnsResolver([("127.0.0.1", silent.getsockname()[1])], 0.2), "good.example")
    assert not found.passed and not codes(found, "passed")
    assert all(finding.retry for finding in found.findings), found.findings
    reasons = [finding.message for finding in found.findings]
    assert "no answer in time" in reasons[0] and "the resolver never answered" in reasons[-1]


def test_what_one_name_does_not_answer_is_not_checked_while_the_rest_is() -> None:
    broken = MemoryResolver(zone(), frozenset({"s1._domainkey.good.example"}))
    found = check(broken, "good.example")
    assert codes(found, "not-checked") == ["dkim-no-answer"] and not found.passed
    assert found.finding("aligned") is not None  # by SPF
