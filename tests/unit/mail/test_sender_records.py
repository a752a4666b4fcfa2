"""Records that anybody may write: reading them never breaks, whatever they hold, and ends."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.dns.zone import key

from stagemail.mail.believing import believed
from stagemail.mail.dkim_key import key_of
from stagemail.mail.dmarc import aligned, names_of, walked
from stagemail.mail.memory_dns import MemoryResolver
from stagemail.mail.organizational import organizational
from stagemail.mail.spf import check_host
from stagemail.mail.spf_record import SpfSyntaxError, Term, expanded, terms_of
from stagemail.model.sender import SenderQuestion

TERMS = st.sampled_from(
    ["a", "mx", "ptr", "-all", "~all", "?all", "include:x.example", "redirect=x.example", "exists:%{i}.x.example",
     "ip4:203.0.113.0/24", "ip6:2001:db8::/32", "a:%{d}//64", "ip4:1", "exp=%{h}", "=", "%{", "a/33", "nonsense"]
)  # fmt: skip


@given(st.lists(TERMS, max_size=14), st.text(max_size=40), st.text(max_size=40))
@example(["redirect=x.example"], "v=spf1 redirect=x.example", "")
def test_no_record_breaks_the_checks_of_a_sender(words: list[str], other: str, tail: str) -> None:
    spf = " ".join(["v=spf1", *words])
    zone = MemoryResolver(
        {
            "x.example": {"TXT": (spf, other) if other else (spf,), "MX": ("10 x.example",), "A": ("203.0.113.25",)},
            "_dmarc.x.example": {"TXT": (f"v=DMARC1; {other}",)},
            "s1._domainkey.x.example": {"TXT": (f"v=DKIM1; p={tail}",)},
        }
    )
    found = believed(zone.ask, SenderQuestion("qa", "x.example", "x.example", ("s1",)))
    assert {finding.check for finding in found.findings} >= {"domain", "spf", "dkim", "dmarc", "alignment"}
    assert all(finding.next_step for finding in found.findings if finding.status == "failed")


@given(st.text(max_size=200))
def test_a_term_is_read_or_refused(text: str) -> None:
    try:
        terms = terms_of(f"v=spf1 {text}")
    except SpfSyntaxError:
        return
    assert all(term.name for term in terms)


@given(st.binary(max_size=300))
def test_a_key_is_read_or_has_a_fault(data: bytes) -> None:
    key = key_of(f"v=DKIM1; p={base64.b64encode(data).decode()}")
    assert key.fault or key.revoked or key.bits > 0


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=DKIM1; s=*; h=sha256; p={p}", ""), ("v = DKIM1; s=tlsrpt : Email; p={p}", ""), ("p={p}; n=x", ""),
        ("v=DKIM1; s=tlsrpt; p={p}", "not for mail"), ("v=DKIM1; h=sha1; p={p}", "no SHA-256"),
        ("v=DKIM1; h=sha1:sha256; p={p}", ""), ("p={p}; v=DKIM1", "first tag"), ("v=DKIM2; p={p}", "version"),
    ],
)  # fmt: skip
def test_a_key_that_verifiers_pass_over_is_no_key(record: str, fault: str) -> None:
    found = key_of(record.format(p=key(2048)))
    assert (fault in found.fault) and bool(fault) == bool(found.fault), found


@pytest.mark.parametrize(
    ("mx", "code", "status", "said"),
    [
        (("0 .", "10 x.example"), "null-mx", "warned", "beside other MX records"),
        (("10 192.0.2.1",), "mx-without-address", "failed", "is an address"),
        (("10 x.example",), "mx", "passed", "takes mail at x.example"),
    ],
)
def test_odd_mx_records_are_told_as_what_they_are(mx: tuple[str, ...], code: str, status: str, said: str) -> None:
    zone = MemoryResolver({"x.example": {"MX": mx, "A": ("203.0.113.25",)}})
    finding = believed(zone.ask, SenderQuestion("qa", "x.example", "x.example")).finding(code)
    assert finding is not None
    assert finding.status == status and said in finding.message, finding


@pytest.mark.parametrize(
    ("record", "code", "said"),
    [
        ("v=BIMI1; l=https://x.example/l.svg", "bimi", "well-formed"),
        ("v=BIMI1; l=; a=", "bimi", "there is no logo"),
        ("v=BIMI1; l=http://x.example/l.svg", "bimi-syntax", "no https address"),
        ("v=BIMI1; a=https://x.example/l.pem", "bimi-syntax", "`l=` is missing"),
    ],
)
def test_the_record_of_a_logo_is_read(record: str, code: str, said: str) -> None:
    zone = MemoryResolver({"default._bimi.x.example": {"TXT": (record,)}})
    finding = believed(zone.ask, SenderQuestion("qa", "x.example", "x.example")).finding(code)
    assert finding is not None and said in finding.message, finding


@pytest.mark.parametrize(
    ("macro", "value"),
    [
        ("%{s}", "strong-bad@email.example.com"), ("%{o}", "email.example.com"), ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"), ("%{d1}", "com"), ("%{dr}", "com.example.email"), ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"), ("%{l-}", "strong.bad"), ("%{lr-}", "bad.strong"), ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"), ("%%%_%-", "% %20"),
    ],
)  # fmt: skip
def test_macros_expand_as_the_examples_of_rfc_7208_section_7_4(macro: str, value: str) -> None:
    assert expanded(macro, "email.example.com", "strong-bad@email.example.com", "192.0.2.3") == value


def test_terms_keep_their_sign_target_and_lengths() -> None:
    assert terms_of("v=spf1 ~a:x.example/24//64 MX redirect=y.example") == (
        Term("~", "a", "x.example", 24, 64), Term("+", "mx"), Term("", "redirect", "y.example"),
    )  # fmt: skip


def test_the_address_of_ipv6_is_judged_too() -> None:
    zone = MemoryResolver({"x.example": {"TXT": ("v=spf1 a//64 -all",), "AAAA": ("2001:db8::25",)}})
    assert check_host(zone.ask, "2001:db8::99", "x.example", "a@x.example") == "pass"
    assert check_host(zone.ask, "2001:db8:1::99", "x.example", "a@x.example") == "fail"


def test_the_address_of_ipv6_stands_in_macros_as_32_digits() -> None:
    """RFC 7208 section 7.3; the address is written short, as DNS gives it."""
    digits = "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1"
    assert expanded("%{i}", "email.example.com", "a@email.example.com", "2001:db8::cb01") == digits
    zone = MemoryResolver(
        {"x.example": {"TXT": ("v=spf1 exists:%{i}.x.example -all",)}, f"{digits}.x.example": {"A": ("127.0.0.2",)}}
    )
    assert check_host(zone.ask, "2001:db8::cb01", "x.example", "a@x.example") == "pass"


OUTLOOK = "spf.protection.outlook.com"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (f"v=spf1 include:{OUTLOOK} -all", "spf-provider-permitted"),
        (f"v=spf1 +include:{OUTLOOK.upper()}. -all", "spf-provider-permitted"),
        ("v=spf1 include:ours.example ~all", "spf-provider-permitted"),
        ("v=spf1 redirect=ours.example", "spf-provider-permitted"),
        (f"v=spf1 redirect={OUTLOOK}", "spf-provider-permitted"),
        (f"v=spf1 -all include:{OUTLOOK}", "spf-provider-missing"),
        (f"v=spf1 -include:{OUTLOOK} ~all", "spf-provider-missing"),
        (f"v=spf1 ?include:{OUTLOOK} ~all", "spf-provider-missing"),
        ("v=spf1 ~include:ours.example -all", "spf-provider-missing"),
        ("v=spf1 -all redirect=ours.example", "spf-provider-missing"),
    ],
)
def test_a_providers_include_counts_only_where_its_pass_is_a_pass(policy: str, code: str) -> None:
    """Behind `all` nobody looks (RFC 7208 section 5.1), and another sign than + permits nothing."""
    zone = MemoryResolver(
        {
            "x.example": {"TXT": (policy,), "MX": ("10 x.example",), "A": ("203.0.113.25",)},
            "ours.example": {"TXT": (f"v=spf1 include:{OUTLOOK} -all",)},
            OUTLOOK: {"TXT": ("v=spf1 ip4:40.92.0.0/15 -all",)},
        }
    )
    found = believed(zone.ask, SenderQuestion("qa", "x.example", "smtp.office365.com"))
    finding = found.finding(code)
    assert finding is not None, [each.code for each in found.findings]
    if code == "spf-provider-missing":
        direct = OUTLOOK in policy
        assert ("counts only" in finding.message) == (direct or "~include" in policy), finding.message


def test_terms_behind_all_count_for_nothing() -> None:
    many = " ".join(f"include:i{number}.example" for number in range(11))
    zone = MemoryResolver({"x.example": {"TXT": (f"v=spf1 ip4:203.0.113.25 -all {many}",), "MX": ("10 x.example",)}})
    found = believed(zone.ask, SenderQuestion("qa", "x.example", "r.example", addresses=("203.0.113.25",)))
    assert found.finding("spf-pass") is not None and found.finding("spf-too-many-lookups") is None


def test_domains_of_one_organization_align_and_public_suffixes_do_not() -> None:
    """Where no record tells, as receivers of RFC 7489 have it."""
    ask = MemoryResolver({}).ask
    assert organizational("a.b.example.co.uk") == "example.co.uk"
    assert aligned(ask, "mail.example.com", "example.com", "r")
    assert not aligned(ask, "mail.example.com", "example.com", "s")
    assert not aligned(ask, "one.co.uk", "two.co.uk", "r") and not aligned(ask, "one.github.io", "two.github.io", "r")


def test_a_walk_asks_eight_names_at_most() -> None:
    assert names_of("example.com") == ("example.com", "com")
    assert names_of("a.b.c.d.e.f.g.h.i.j.mail.example.com")[:2] == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com",
    )  # fmt: skip
    assert len(names_of("a.b.c.d.e.f.g.h.i.j.mail.example.com")) == 8
    assert names_of("a.b.c.d.e.f.g.h")[1] == "b.c.d.e.f.g.h"


NONE, ALL = "v=DMARC1; p=none", "v=DMARC1; p=reject"


@pytest.mark.parametrize(
    ("records", "organization"),
    [
        ({}, "a.b.example.com"),
        ({"example.com": NONE}, "example.com"),
        ({"a.b.example.com": NONE, "example.com": NONE}, "example.com"),
        ({"b.example.com": f"{NONE}; psd=n", "example.com": NONE}, "b.example.com"),
        ({"example.com": f"{NONE}; psd=y"}, "b.example.com"),
        ({"com": f"{NONE}; psd=y"}, "example.com"),
        ({"a.b.example.com": f"{NONE}; psd=y"}, "a.b.example.com"),
        ({"b.example.com": NONE, "com": NONE}, "com"),
    ],
)  # fmt: skip
def test_the_organization_is_found_by_the_tree_walk(records: dict[str, str], organization: str) -> None:
    zone = MemoryResolver({f"_dmarc.{name}": {"TXT": (text,)} for name, text in records.items()})
    assert walked(zone.ask, "a.b.example.com").organization == organization


@pytest.mark.parametrize(
    ("records", "code", "policy"),
    [
        ({"example.com": ALL}, "dmarc-policy", "reject"),
        ({"example.com": f"{ALL}; sp=none"}, "dmarc-none", "none"),
        ({"example.com": f"{NONE}; np=reject"}, "dmarc-none", "none"),
        ({"com": f"{ALL}; psd=y"}, "dmarc-receivers-differ", "reject"),
        ({"example.com": ALL, "b.example.com": f"{NONE}; psd=n"}, "dmarc-receivers-differ", "none"),
        ({"a.b.example.com": f"{ALL}; t=y"}, "dmarc-testing", "reject"),
        ({"a.b.example.com": f"{ALL}; pct=20"}, "dmarc-policy", "reject"),
        ({"a.b.example.com": "v=DMARC1; rua=mailto:d@example.com"}, "dmarc-none", "none"),
        ({"a.b.example.com": "v=DMARC1"}, "dmarc-syntax", ""),
        ({"a.b.example.com": f"{ALL}; unknown=tag"}, "dmarc-policy", "reject"),
    ],
)  # fmt: skip
def test_the_policy_is_the_domains_or_its_organizations_or_its_suffixes(
    records: dict[str, str], code: str, policy: str
) -> None:
    zone = {f"_dmarc.{name}": {"TXT": (text,)} for name, text in records.items()}
    resolver = MemoryResolver({**zone, "a.b.example.com": {"MX": ("10 mail.example.com",)}})  # type: ignore[dict-item]
    found = believed(resolver.ask, SenderQuestion("qa", "a.b.example.com", "relay.example"))
    assert found.finding(code), [(one.code, one.message) for one in found.findings if one.check == "dmarc"]
    policies = {one.facts.get("policy", "") for one in found.findings if one.check == "dmarc" and one.facts}
    assert policies <= {policy, ""}


def test_a_domain_that_does_not_exist_has_the_policy_for_such() -> None:
    resolver = MemoryResolver({"_dmarc.example.com": {"TXT": (f"{NONE}; np=reject",)}})
    finding = believed(resolver.ask, SenderQuestion("qa", "gone.example.com", "x.example")).finding("dmarc-policy")
    assert finding is not None and finding.facts["policy"] == "reject"
