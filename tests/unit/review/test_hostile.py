"""Whatever the bytes, a review ends with findings: no exception, bounded work, nothing that acts on a terminal."""

import json
import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.review.samples import EXAMPLES, GOOD, PIXEL, QA, RICH, eml, inline, multi, page

from stagemail.model.review import Review, ReviewLimits
from stagemail.report.review import review_json, review_text
from stagemail.report.review_page import review_page
from stagemail.review.header import read_header
from stagemail.review.notes import MOST
from stagemail.review.reviewing import review_html, review_message
from stagemail.review.showing import shown_html

PIECES = st.sampled_from(
    [
        b'\n', b'\r\n', b'\r', b'\x00', b' ', b'\t', b':', b'--b', b'--b--', b'=?utf-8?q?', b'=?x?b?', b'?=',
        b'=0D=0A', b'From: ', b'Subject: ', b'Content-Type: multipart/mixed; boundary=b',
        b'Content-Type: text/html; charset=', b'Content-Type: message/rfc822', b'Content-Transfer-Encoding: base64',
        b'Content-Disposition: attachment; ', b"filename*0*=utf-8''%ff", b'utf-7', b'idna', b'\xff\xfe',
        b'\xe2\x80\xae', b'\xc3\xbc', b'<', b'>', b'<a href=', b'<style>', b'</style>', b'a{b:c}', b'{', b'}',
        b'@media', b'(', b'url(', b'/*', b"<img src='cid:x'", b'{{x}}', b'http://[', b'//', b'@', b'javascript:',
        b'&#0;', b'&#x110000;', b'<!--', b'style="', b"'", b'"', b';', b',', b'Reply-To: ', b'<x@', b'Date: ',
        b'Thu, 99 Foo 99999', b'\\',
    ]
)  # fmt: skip
HOSTILE = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=60).map(b"".join))


def every_report(review: Review, raw: bytes) -> None:
    """Render it every way; what is printed acts on nothing."""
    text = review_text(review)
    assert not [char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs")]
    json.loads(review_json(review))
    review_page(review, shown_html(raw, is_html=review.kind == "html")).encode("utf-8", "replace")


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=HOSTILE)
def test_no_message_brings_a_review_down(raw: bytes) -> None:
    every_report(review_message(raw, "m.eml", QA), raw)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=HOSTILE)
def test_no_html_brings_a_review_down(raw: bytes) -> None:
    every_report(review_html(raw, "m.html", ReviewLimits()), raw)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.sampled_from(sorted(EXAMPLES)), cut=st.integers(0, 2000), more=HOSTILE)
def test_no_damaged_message_brings_a_review_down(start: str, cut: int, more: bytes) -> None:
    raw = EXAMPLES[start][:20_000]
    raw = raw[:cut] + more + raw[cut:]
    every_report(review_message(raw, "m.eml", QA), raw)


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=80), value=st.text(max_size=200))
def test_nothing_in_a_field_is_taken_for_another_field(name: str, value: str) -> None:
    raw = eml(Subject=re.sub(r"[\r\n]", "", name + value))
    assert [field.name for field in read_header(raw.partition(b"\n\n")[0]).fields].count("Subject") == 1


DEEP = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(500))


@pytest.mark.parametrize(
    "raw",
    [
        DEEP.encode(),
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000,
        b"Content-Type: text/plain" + b'; a="\\"' * 20_000 + b"\n\nx",
        b"A: b\n" * 60_000,
        b"Subject: " + b" \n" * 50_000,
        b"From: " + b"(" * 10_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 5000,
        page("<div>" * 60_000),
        page("<a " * 60_000),
        page("<style>" + "{" * 120_000),
        page("<p style='" + "a:b;" * 50_000 + "'>x"),
        page("{{" * 100_000),
        page('<a href="http://' + "a." * 30_000 + '">' + "a." * 30_000 + "com</a>"),
    ],
    ids=lambda raw: repr(raw[:24] + raw[-12:]),
)
def test_bombs_end_with_a_review(raw: bytes) -> None:
    review = review_message(raw, "m.eml", QA)
    assert review.findings
    assert len(review.findings) <= MOST


def test_parts_in_parts_are_not_followed_for_ever() -> None:
    assert "too-many-parts" in {one.code for one in review_message(DEEP.encode(), "m.eml", QA).findings}


def test_markup_of_the_message_stays_text_in_the_page() -> None:
    raw = eml(Subject="</title><script>alert(1)</script>", From='"><img src=x onerror=y>" <a@qa.example.com>')
    made = review_page(review_message(raw, "<b>.eml", QA), shown_html(raw, is_html=False))
    assert "<script" not in made
    assert "<img" not in made
    assert "<b>" not in made


def test_the_message_is_in_a_frame_that_may_do_nothing() -> None:
    raw = page('<html lang="en"><body onload="x()"><script>alert("1")</script>"></iframe><h1>out</h1></body></html>')
    made = review_page(review_message(raw, "m.eml", QA), shown_html(raw, is_html=False))
    assert made.count("<iframe") == 1
    assert '<iframe sandbox="" title=' in made
    assert "<script" not in made
    assert "<h1>out" not in made, "the frame's content cannot leave its attribute"
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', made)
    assert policy
    assert policy[1].startswith("default-src &#x27;none&#x27;")
    assert made.index("Content-Security-Policy") < made.index("<style>") < made.index("<iframe")


def test_inline_images_are_shown_inside_the_page() -> None:
    raw = multi("related", RICH.replace("</body>", '<img src="cid:logo" alt="Logo"></body>'), inline("logo"))
    assert f'src="data:image/png;base64,{PIXEL}"' in shown_html(raw, is_html=False)


def test_text_fits_eighty_columns() -> None:
    for raw in (GOOD, *EXAMPLES.values()):
        for line in review_text(review_message(raw[:50_000], "m.eml", QA)).splitlines():
            assert len(line) <= 80 or " " not in line.strip().removeprefix("source: "), line
