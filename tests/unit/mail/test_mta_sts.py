"""MTA-STS: what a policy file says, and that fetching it goes nowhere else, takes no more, and follows nothing."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.mail.certificates import ensure_certificates
from tests.unit.mail.servers import PATIENT, Line, rogue, server_context

from stagemail.mail.believing import believed
from stagemail.mail.bounds import Bounds
from stagemail.mail.memory_dns import MemoryResolver
from stagemail.mail.mta_sts import fetcher, policy_of
from stagemail.mail.securing import context_of
from stagemail.model.dns import RecordKind
from stagemail.model.egress import Egress
from stagemail.model.sender import Believed, Finding, SenderQuestion

HOST = "mta-sts.good.example"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mail.good.example\r\nmx: *.good.example\r\nmax_age: 604800\r\n"
QUICK = Bounds(reply=3, total=3)
"""For a host that drips, and for nothing else."""


def zone(*addresses: str) -> MemoryResolver:
    records: dict[str, dict[RecordKind, tuple[str, ...]]] = {
        "good.example": {"MX": ("10 mail.good.example",)},
        "mail.good.example": {"A": ("203.0.113.25",)},
        "_mta-sts.good.example": {"TXT": ("v=STSv1; id=20261127",)},
    }
    for address in addresses:
        records[HOST] = {"AAAA" if ":" in address else "A": (address,)}
    return MemoryResolver(records)


def check(resolver: MemoryResolver, egress: Egress, context: ssl.SSLContext, bounds: Bounds = PATIENT) -> Believed:
    fetch = fetcher(egress, bounds, context)
    return believed(resolver.ask, SenderQuestion("qa", "good.example", "relay.example"), fetch)


def policy_finding(found: Believed) -> Finding:
    return [finding for finding in found.findings if finding.check == "mta-sts"][-1]


def serving(folder: Path, answer: bytes, name: str = HOST, then: Callable[[Line], None] | None = None) -> Finding:
    """What is found where the policy host answers so."""
    context = server_context(*ensure_certificates(folder, name))

    def play(line: Line) -> None:
        line.secure(context)
        while line.hear():
            pass
        line.socket.sendall(answer)
        if then is not None:
            then(line)

    with rogue(play) as (port, heard):
        egress = Egress(networks=("127.0.0.0/8",), routes={f"{HOST}:443": f"127.0.0.1:{port}"})
        bounds = QUICK if then is drip else PATIENT
        found = policy_finding(check(zone(), egress, context_of(folder / "ca.pem"), bounds))
    if name == HOST:
        assert heard[0] == "GET /.well-known/mta-sts.txt HTTP/1.1" and f"Host: {HOST}" in heard
    return found


def told(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/plain", *more, "", ""]
    return "\r\n".join(lines).encode() + body


def drip(line: Line) -> None:
    for _ in range(400):
        line.socket.sendall(b"x")
        line.socket.settimeout(0.05)
        try:
            line.socket.recv(1)
        except TimeoutError:
            continue
        return


def test_a_policy_is_fetched_and_names_the_mail_servers(tmp_path: Path) -> None:
    finding = serving(tmp_path, told(POLICY))
    assert (finding.status, finding.code, finding.facts["mode"]) == ("passed", "mta-sts-policy", "enforce")


@pytest.mark.parametrize(
    ("answer", "status", "code", "said"),
    [
        (told(b"", "302 Found", "Location: http://169.254.169.254/"), "warned", "mta-sts-policy-refused",
         "not followed"),
        (told(b"", "404 Gone"), "warned", "mta-sts-policy-refused", "404"),
        (told(b"x" * 100_000), "warned", "mta-sts-policy-refused", "aborted"),
        (b"220 hello\r\n", "not-checked", "mta-sts-policy-unreachable", "broke off"),
        (told(b"<html>"), "warned", "mta-sts-policy-syntax", "colon"),
        (told(POLICY.replace(b"enforce", b"strict")), "warned", "mta-sts-policy-syntax", "strict"),
        (told(POLICY.replace(b"604800", b"99999999")), "warned", "mta-sts-policy-syntax", "max_age"),
        (told(POLICY.replace(b"604800", b"60")), "warned", "mta-sts-policy-gap", "less than a day"),
        (told(b"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 604800"), "warned", "mta-sts-policy-gap",
         "mail.good.example"),
        (told(b"version: STSv1\nmode: none\nmax_age: 604800"), "passed", "mta-sts-policy", "mode none"),
        (told(POLICY.replace(b"enforce", b"testing")), "passed", "mta-sts-policy", "mode testing"),
    ],
)  # fmt: skip
def test_what_a_policy_host_answers_is_told(tmp_path: Path, answer: bytes, status: str, code: str, said: str) -> None:
    finding = serving(tmp_path, answer)
    assert (finding.status, finding.code) == (status, code)
    assert said in finding.message


def test_a_host_that_drips_is_given_up(tmp_path: Path) -> None:
    finding = serving(tmp_path, b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", then=drip)
    assert (finding.code, "too long" in finding.message) == ("mta-sts-policy-unreachable", True)


def test_a_certificate_for_another_name_is_no_policy(tmp_path: Path) -> None:
    finding = serving(tmp_path, told(POLICY), name="www.good.example")
    assert (finding.status, finding.code) == ("warned", "mta-sts-policy-refused")
    assert "another name" in finding.message


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "::1", "fd00:ec2::254", "64:ff9b::a00:1"]
)
def test_the_address_is_the_operators_resolvers_and_no_inside_one_is_asked(address: str) -> None:
    finding = policy_finding(check(zone(address), Egress(), ssl.create_default_context()))
    assert (finding.status, finding.code) == ("not-checked", "mta-sts-policy-unreachable")
    assert "nothing was sent there" in finding.message


def test_a_policy_without_a_host_is_said() -> None:
    finding = policy_finding(check(zone(), Egress(), ssl.create_default_context()))
    assert (finding.status, finding.code) == ("warned", "mta-sts-policy-refused")


@pytest.mark.parametrize(
    ("host", "covered"),
    [("mail.example.com", True), ("MAIL.example.com.", True), ("a.b.example.com", False), ("example.com", False),
     ("other.example", False)],
)  # fmt: skip
def test_a_star_stands_for_one_label(host: str, covered: bool) -> None:
    policy = policy_of("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 1")
    assert policy.covers(host) is covered


@given(st.text(max_size=300))
def test_any_file_is_a_policy_or_has_a_fault(text: str) -> None:
    for read in (policy_of(text), policy_of(f"version: STSv1\nmode: enforce\n{text}")):
        assert read.fault or read.mx or read.mode == "none"
