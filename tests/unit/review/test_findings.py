"""Every code is brought about by a message, a good message has none, and each says where it is and what to write."""

import re

import pytest
from tests.unit.review.samples import EXAMPLES, GOOD, LIMITS, QA, RICH, body, eml, inline, multi, page

from stagemail.model.review import ReviewFinding, ReviewLimits
from stagemail.review.reviewing import review_html, review_message
from stagemail.review.rules import RULES


def found(raw: bytes, limits: ReviewLimits = QA) -> dict[str, ReviewFinding]:
    return {finding.code: finding for finding in reversed(review_message(raw, "m.eml", limits).findings)}


def test_every_code_has_an_example() -> None:
    assert set(EXAMPLES) == set(RULES)


@pytest.mark.parametrize("code", sorted(RULES))
def test_the_example_of_a_code_is_found(code: str) -> None:
    finding = found(EXAMPLES[code], LIMITS.get(code, QA))[code]
    assert finding.severity == RULES[code].severity
    assert not re.search(r"\{[a-z]+\}", finding.message.replace("{{name}}", "")), "every word is filled in"
    assert finding.instead
    assert finding.source
    assert len(finding.message) < 400


def test_with_a_good_message_nothing_is_wrong() -> None:
    assert review_message(GOOD, "m.eml", QA).findings == ()


def test_the_good_message_is_looked_at() -> None:
    review = review_message(GOOD, "m.eml", QA)
    assert [part.type for part in review.parts] == ["multipart/alternative", "text/plain", "text/html"]
    assert review.sender == "Example QA <no-reply@qa.example.com>"
    assert review.worst() is None


def test_a_finding_has_the_line_and_column_of_its_element() -> None:
    html = b'<html lang="en">\n<body>\n  <p>Hello</p> <img src="https://example.com/a.png">\n</body></html>'
    (finding,) = [
        one for one in review_html(html, "m.html", ReviewLimits()).findings if one.code == "image-without-alt"
    ]
    assert (finding.part, finding.line, finding.column) == ("1 text/html", 3, 16)


def test_a_finding_in_a_style_sheet_has_its_line_and_column() -> None:
    html = (
        b'<html lang="en"><head>\n<style>\n.a { color: red;\n  position: fixed }\n</style></head><body>x</body></html>'
    )
    (finding,) = [one for one in review_html(html, "m.html", ReviewLimits()).findings if "position" in one.message]
    assert (finding.line, finding.column) == (4, 3)


def test_a_placeholder_in_a_long_text_has_its_line() -> None:
    html = b'<html lang="en"><body><p>One\ntwo\n  {{three}}</p></body></html>'
    (finding,) = [one for one in review_html(html, "m.html", ReviewLimits()).findings if one.severity == "error"]
    assert (finding.line, finding.column) == (3, 3)


def test_a_header_finding_has_the_line_in_the_file() -> None:
    assert found(eml(Subject="Hello!!"))["excited-subject"].line == 3


def test_the_same_again_is_counted_and_not_repeated() -> None:
    finding = found(body('<img src="https://example.com/a.png">' * 7))["image-without-alt"]
    assert finding.times == 7


@pytest.mark.parametrize(
    "placeholder",
    [
        "{{name}}",
        "{% if x %}",
        "[%Order.Id%]",
        "<%= name %>",
        "${name}",
        "*|FNAME|*",
        "%%name%%",
        "[[name]]",
        "%(name)s",
    ],
)
def test_placeholders_of_many_templates_are_known(placeholder: str) -> None:
    assert "template-placeholder" in found(body(f"<p>Dear {placeholder},</p>"))
    assert "template-placeholder" in found(eml(Subject=f"Hello {placeholder}"))
    assert "template-placeholder" in found(body(f'<a href="https://example.com/{placeholder}">Follow</a>')), "in a link"


@pytest.mark.parametrize("innocent", ["100 %, 20 % more", "{a: 1}", "[1] and [2]", "5 % of 10 % (x)s", "$5 {sic}"])
def test_other_brackets_are_no_placeholders(innocent: str) -> None:
    assert "template-placeholder" not in found(body(f"<p>{innocent}</p>"))


@pytest.mark.parametrize(
    ("text", "href", "wrong"),
    [
        ("www.example.com", "https://evil.example/", True),
        ("https://shop.example.co.uk/x", "https://evil.co.uk/", True),
        ("https://ours.github.io/", "https://evil.github.io/", True),
        ("www.ours.azurewebsites.net", "https://evil.azurewebsites.net/", True),
        ("https://shop.example.co.uk/x", "https://www.example.co.uk/", False),
        ("example.com", "https://www.example.com/a", False),
        ("shop.example.com", "https://track.example.com/a", False),
        ("report.pdf", "https://example.com/a", False),
        ("Read on at example.com", "https://evil.example/", False),
        ("https://example.com", "mailto:a@example.com", False),
    ],
)
def test_a_text_that_shows_another_host_than_the_target(text: str, href: str, wrong: bool) -> None:
    assert ("link-text-mismatch" in found(body(f'<a href="{href}">{text}</a>'))) is wrong


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "3232235777", "0xc0.0.2.1"])
def test_every_spelling_of_an_ip_address_is_seen(host: str) -> None:
    assert "link-ip-address" in found(body(f'<a href="https://{host}/">Follow</a>'))


def test_a_decoration_and_a_named_anchor_are_fine() -> None:
    codes = set(found(body('<img src="https://example.com/a.png" alt=""><a name="top"></a><a href="#top">Up</a>')))
    assert not codes & {"image-without-alt", "link-without-target", "link-relative"}


def test_the_display_name_may_show_its_own_address() -> None:
    assert "name-is-another-address" not in found(eml(From='"no-reply@qa.example.com" <no-reply@qa.example.com>'))


def test_an_encoded_display_name_is_read_before_it_is_compared() -> None:
    shown = found(eml(From="=?utf-8?q?boss=40example=2Ecom?= <no-reply@qa.example.com>"))
    assert "name-is-another-address" in shown


def test_an_emoji_of_several_parts_hides_nothing() -> None:
    assert "hidden-character" not in found(eml(Subject="=?utf-8?b?8J+RqeKAjfCfkrs=?="))


def test_a_long_subject_in_encoded_words_is_read_whole() -> None:
    review = review_message(eml(Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe_?=\n =?utf-8?b?YXVzIEvDtmxu?="), "m.eml", QA)
    assert review.subject == "Grüße aus Köln"


def test_the_size_is_that_of_the_wire() -> None:
    review = review_message(b"Subject: a\n\nb\n", "m.eml", QA)
    assert review.size == len(b"Subject: a\r\n\r\nb\r\n")


def test_the_stages_sender_counts_only_where_a_stage_was_named() -> None:
    raw = eml(From="Eve <eve@example.org>")
    assert "not-the-stages-domain" in found(raw)
    assert not [code for code in found(raw, ReviewLimits()) if code.startswith("not-the-stages")]


def test_inline_images_that_are_shown_are_fine() -> None:
    rich = RICH.replace("</body>", '<img src="cid:logo" alt="Logo"></body>')
    assert not {"cid-missing", "cid-unused"} & set(found(multi("related", rich, inline("logo"))))


def test_what_clients_support_is_told_with_share_source_and_names() -> None:
    finding = found(EXAMPLES["not-supported-everywhere"])["not-supported-everywhere"]
    assert re.search(r"\d+ of \d+ clients \(\d+ %\) do not support it", finding.message)
    assert finding.source.startswith("https://www.caniemail.com/features/")
    assert "Gmail" in finding.message


def test_quoted_printable_html_is_decoded_before_it_is_read() -> None:
    raw = page("<p>Hello <img src=3D'https://example.com/a.png'></p>", Content_Transfer_Encoding="quoted-printable")
    assert "image-without-alt" in found(raw)
