"""For every code of a finding a message that brings it about, and one message with which nothing is wrong."""

from base64 import b64encode

from stagemail.model.review import ReviewLimits, ReviewSender

QA = ReviewLimits(ReviewSender("qa", "no-reply@qa.example.com", "Example QA"))

HEADERS = {
    "From": "Example QA <no-reply@qa.example.com>",
    "To": "ada@example.com",
    "Subject": "Your order is on its way",
    "Date": "Thu, 26 Nov 2026 10:00:00 +0000",
    "Message-ID": "<1@qa.example.com>",
    "List-Unsubscribe": "<https://qa.example.com/u/1>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "MIME-Version": "1.0",
}
TEXT = "Hello Ada, your order of two books left our house today. It comes on Monday between nine and noon."
PAGE = (
    f'<html lang="en"><body><p>{TEXT}</p><p><a href="https://example.com/o/1">Follow your order</a></p></body></html>'
)


def eml(body: str | bytes = TEXT, *, drop: str = "", more: str = "", **changed: str) -> bytes:
    """A message; ``changed`` replaces fields (``_`` for ``-``), ``drop`` names one that is left out."""
    fields = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if name.lower() != drop.lower()]
    head = "\n".join([*lines, *([more] if more else [])])
    return (
        head.encode("utf-8", "surrogateescape") + b"\n\n" + (body.encode() if isinstance(body, str) else body) + b"\n"
    )


def page(html: str = PAGE, **changed: str) -> bytes:
    """A message of HTML alone."""
    return eml(html, **{"Content_Type": "text/html; charset=utf-8", **changed})


def body(inside: str, head: str = "") -> bytes:
    """A message of HTML with this inside the good one."""
    return page(PAGE.replace("<body>", f"{head}<body>").replace("</body>", f"{inside}</body>"))


def multi(kind: str, *parts: str, boundary: str = "b", end: bool = True) -> bytes:
    """A message of several parts, each with its own header."""
    text = "".join(f"--{boundary}\n{part}\n" for part in parts) + (f"--{boundary}--" if end else "")
    return eml(text, Content_Type=f'multipart/{kind}; boundary="b"')


PLAIN = f"Content-Type: text/plain; charset=utf-8\n\n{TEXT}\nFollow your order: https://example.com/o/1"
RICH = f"Content-Type: text/html; charset=utf-8\n\n{PAGE}"
GOOD = multi("alternative", PLAIN, RICH)
OTHER = "Content-Type: text/plain; charset=utf-8\n\nThis client shows no pages."
PIXEL = b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 60).decode()


def attached(name: str, size: int = 30, kind: str = "application/pdf") -> str:
    """An attachment."""
    named = f'; filename="{name}"' if name else ""
    content = b64encode(b"x" * size).decode()
    lines = "\n".join(content[at : at + 76] for at in range(0, len(content), 76))
    return f"Content-Type: {kind}\nContent-Disposition: attachment{named}\nContent-Transfer-Encoding: base64\n\n{lines}"


def inline(cid: str) -> str:
    """An inline image."""
    return (
        f"Content-Type: image/png\nContent-Disposition: inline\nContent-ID: <{cid}>\n"
        f"Content-Transfer-Encoding: base64\n\n{PIXEL}"
    )


IMAGE = '<img src="https://example.com/a.png" alt="A book">'
EXAMPLES: dict[str, bytes] = {
    "not-a-message": b"\nHello",
    "empty-message": eml(""),
    "too-many-parts": eml("x", Content_Type="multipart/mixed; " + "boundary=b;" * 101),
    "too-many-findings": body("".join(f'<a href="http://a{n}.example.com/">x</a>' for n in range(600))),
    "not-all-looked-at": page(PAGE + " " * 2_000_001),
    "mime-version-missing": eml(drop="MIME-Version", Content_Type="text/plain; charset=utf-8"),
    "missing-boundary": eml(Content_Type="multipart/mixed"),
    "truncated": multi("alternative", PLAIN, RICH, end=False),
    "no-text-alternative": page(),
    "empty-text-alternative": multi("alternative", "Content-Type: text/plain\n\n ", RICH),
    "different-text-alternative": multi(
        "alternative", OTHER, RICH.replace("today", "today with many other things we like")
    ),
    "text-after-html": multi("alternative", RICH, PLAIN),
    "alternative-not-used": multi("mixed", PLAIN, RICH),
    "bad-transfer-encoding": eml("not base64!", Content_Transfer_Encoding="base64"),
    "raw-8bit-body": eml("Grüße", Content_Type="text/plain; charset=utf-8"),
    "long-line": eml("x" * 999),
    "bare-cr": eml("a\rb"),
    "nul-byte": eml("a\0b"),
    "charset-missing": eml("Grüße", Content_Type="text/plain"),
    "unknown-charset": eml("Grüße", Content_Type="text/plain; charset=klingon"),
    "charset-mismatch": eml(b"Gr\xfc\xdfe", Content_Type="text/plain; charset=utf-8"),
    "charset-not-utf-8": eml(b"Gr\xfc\xdfe", Content_Type="text/plain; charset=iso-8859-1"),
    "html-charset-differs": body("", '<head><meta charset="iso-8859-1"></head>'),
    "over-size-limit": eml("x\n" * 3000),
    "near-size-limit": eml("x\n" * 1500),
    "large-part": multi("mixed", PLAIN, attached("film.pdf", 9_000_000)),
    "attachment-without-name": multi("mixed", PLAIN, attached("")),
    "blocked-attachment": multi("mixed", PLAIN, attached("invoice.pdf.exe")),
    "cid-missing": body('<img src="cid:logo" alt="Logo">'),
    "cid-unused": multi("related", RICH, inline("logo")),
    "missing-from": eml(drop="From"),
    "missing-date": eml(drop="Date"),
    "missing-message-id": eml(drop="Message-ID"),
    "missing-subject": eml(drop="Subject"),
    "missing-recipient": eml(drop="To"),
    "duplicate-field": eml(more="From: eve@evil.example"),
    "malformed-field": eml(more="no field at all"),
    "raw-8bit-header": eml(Subject="Grüße"),
    "broken-encoded-word": eml(Subject="=?utf-8?b?@@?="),
    "long-encoded-word": eml(Subject=f"=?utf-8?q?{'a' * 80}?="),
    "encoded-word-in-quotes": eml(From='"=?utf-8?q?J=C3=B6rg?=" <no-reply@qa.example.com>'),
    "long-header-line": eml(Subject="a " * 500),
    "header-injection": eml(Subject="=?utf-8?q?Hello=0D=0ABcc:_eve@evil.example?="),
    "header-in-body": eml("Bcc: eve@evil.example\n\nHello"),
    "bcc-in-message": eml(more="Bcc: eve@example.com"),
    "hidden-character": eml(Subject="=?utf-8?q?Invoice_=E2=80=AEfdp.exe?="),
    "long-subject": eml(Subject="word " * 20),
    "shouting-subject": eml(Subject="YOUR ORDER IS HERE"),
    "excited-subject": eml(Subject="It is here!!"),
    "false-reply": eml(Subject="Re: your order"),
    "bad-from": eml(From="the shop"),
    "several-from-addresses": eml(From="a@qa.example.com, b@qa.example.com"),
    "name-is-another-address": eml(From='"boss@example.com" <no-reply@qa.example.com>'),
    "not-the-stages-sender": eml(From="Example QA <orders@qa.example.com>"),
    "not-the-stages-domain": eml(From="Example QA <no-reply@example.org>"),
    "not-the-stages-name": eml(From="The Shop <no-reply@qa.example.com>"),
    "reply-to-elsewhere": eml(Reply_To="eve@evil.example"),
    "bad-date": eml(Date="yesterday"),
    "bad-message-id": eml(Message_ID="1"),
    "no-unsubscribe": eml(drop="List-Unsubscribe"),
    "html-clipped": page(PAGE + f"<!-- {'x' * 105_000} -->"),
    "html-nearly-clipped": page(PAGE + f"<!-- {'x' * 100_000} -->"),
    "control-character": body("<p>You\x92re</p>"),
    "style-too-long": body("", f"<style>/* {'x' * 17_000} */</style>"),
    "template-placeholder": body("<p>Dear {{name}}</p>"),
    "filler-text": body("<p>Lorem ipsum dolor</p>"),
    "mostly-images": page(f'<html lang="en"><body>{IMAGE}</body></html>'),
    "language-missing": page(PAGE.replace(' lang="en"', "")),
    "image-without-alt": body('<img src="https://example.com/a.png">'),
    "image-without-source": body('<img alt="A book">'),
    "image-http": body('<img src="http://example.com/a.png" alt="A book">'),
    "image-unreachable": body('<img src="images/a.png" alt="A book">'),
    "link-without-target": body('<a href="#">Follow</a>'),
    "link-without-text": body('<a href="https://example.com/"></a>'),
    "link-http": body('<a href="http://example.com/">Follow</a>'),
    "link-relative": body('<a href="/orders/1">Follow</a>'),
    "link-script": body('<a href=" java\tscript:alert(1)">Follow</a>'),
    "link-ip-address": body('<a href="https://192.0.2.1/">Follow</a>'),
    "link-unreachable": body('<a href="https://build.internal/">Follow</a>'),
    "link-credentials": body('<a href="https://example.com@evil.example/">Follow</a>'),
    "link-text-mismatch": body('<a href="https://evil.example/">www.example.com</a>'),
    "link-broken": body('<a href="https://[::1/">Follow</a>'),
    "script": body('<p onclick="x()">Hello</p>'),
    "frame": body('<iframe src="https://example.com/"></iframe>'),
    "not-supported-everywhere": body(
        '<div style="position:fixed">Hello</div><video src="https://example.com/v"></video>'
    ),
    "not-supported-by-some": body('<div style="border-radius:4px">Hello</div>'),
    "css-syntax": body("", "<style>a { color red; }</style>"),
}
LIMITS: dict[str, ReviewLimits] = {
    "over-size-limit": ReviewLimits(size=5_000, size_from="SIZE of smtp.example.com:587"),
    "near-size-limit": ReviewLimits(size=5_000),
}
