"""The review itself: reads the message once and lets every group of rules look at it.

Not here: the rules' words (``rules``), what is looked for (the other modules).
"""

from stagemail.model.review import Review, ReviewLimits
from stagemail.review.css import look_at_css
from stagemail.review.elements import features_of
from stagemail.review.header import Header, read_header
from stagemail.review.headers import look_at_headers
from stagemail.review.links import look_at_cids, look_at_images, look_at_links
from stagemail.review.message import TEXT_LIMIT, Mail, Part, of_html, read
from stagemail.review.notes import Notes
from stagemail.review.page import Page, read_page
from stagemail.review.sender import look_at_sender, look_at_subject
from stagemail.review.sizes import look_at_sizes, sent_size
from stagemail.review.structure import look_at_alternatives, look_at_structure
from stagemail.review.support import Used, data
from stagemail.review.wording import look_at_charset, look_at_text, look_at_wording

LARGEST = 64 * 2**20
"""Bytes of a file that is reviewed; no mail server takes more."""


def review_message(raw: bytes, name: str, limits: ReviewLimits) -> Review:
    """Review a message as it is sent. Never raises for what is in it."""
    mail = read(raw)
    header = read_header(mail.header)
    notes = Notes()
    look_at_structure(mail, header, notes)
    look_at_headers(header, mail.body, notes)
    look_at_subject(header, notes)
    look_at_sender(header, limits.sender, notes)
    look_at_text(header.text("Subject"), "header", notes)
    look_at_sizes(mail, limits, notes)
    pages = _pages(mail, notes)
    look_at_alternatives(mail.parts, pages[0][1].text if pages else "", notes)
    look_at_cids(pages, mail.parts, notes)
    for part in mail.parts:
        if part.shown.type == "text/plain" and not part.is_attachment:
            look_at_text(part.text[:TEXT_LIMIT], part.label, notes)
    return _review(name, "message", header, mail, notes)


def review_html(raw: bytes, name: str, limits: ReviewLimits) -> Review:
    """Review an HTML file, as an app's template or its output is."""
    mail = of_html(raw)
    notes = Notes()
    for part in mail.parts:
        if not part.exact:
            notes.add("charset-mismatch", part.label, charset="utf-8")  # a file says nothing of its own
    look_at_sizes(mail, limits, notes)
    _pages(mail, notes)
    if not raw.strip():
        notes.add("empty-message", "message")
    return _review(name, "html", Header((), ()), mail, notes)


def _pages(mail: Mail, notes: Notes) -> list[tuple[Part, Page]]:
    """Every HTML part that readers see, looked at."""
    found: list[tuple[Part, Page]] = []
    by_cid = {part.content_id: part for part in mail.parts if part.content_id}
    for part in mail.parts:
        if part.shown.type != "text/html" or part.is_attachment:
            continue
        page = read_page(part.text)
        found.append((part, page))
        if not page.whole:
            notes.add("not-all-looked-at", part.label, size=f"{TEXT_LIMIT:,}", what="part")
        look_at_wording(page, part.text[:TEXT_LIMIT], part.shown.size, part.label, notes)
        look_at_charset(page, part.shown.charset, part.label, notes)
        look_at_links(page, part.label, notes)
        look_at_images(page, part.label, notes)
        used = Used(part.label)
        look_at_css(page, part.label, used, notes)
        for slug, element in features_of(page, by_cid):
            used.add(slug, element.line, element.column)
        used.note(notes)
    return found


def _review(name: str, kind: str, header: Header, mail: Mail, notes: Notes) -> Review:
    html = sum(part.shown.size for part in mail.parts if part.shown.type == "text/html" and not part.is_attachment)
    return Review(
        name=name,
        kind="html" if kind == "html" else "message",
        subject=header.text("Subject")[:1000],
        sender=header.text("From")[:1000],
        size=sent_size(mail.raw),
        html_size=html,
        parts=tuple(part.shown for part in mail.parts),
        findings=notes.findings(),
        clients=data().label,
    )
