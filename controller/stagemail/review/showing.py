"""A message's HTML for a look at it, with its inline images inside; safe only in a frame without scripts and network.

Not here: the frame and its policy (``report.review_page``).
"""

from base64 import b64encode

from stagemail.review.message import TEXT_LIMIT, of_html, read

MOST_IMAGES = 20 * 2**20
"""Bytes of inline images that are put into the page."""
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")


def shown_html(raw: bytes, *, is_html: bool) -> str:
    """The first HTML part, with ``cid:`` images as ``data:``; "" where there is none."""
    mail = of_html(raw) if is_html else read(raw)
    page = next((p for p in mail.parts if p.shown.type == "text/html" and not p.is_attachment), None)
    if page is None:
        return ""
    html = page.text[:TEXT_LIMIT]
    left = MOST_IMAGES
    for part in mail.parts:
        wanted = f"cid:{part.content_id}"
        if part.content_id and part.shown.type in SHOWN and len(part.body) <= left and wanted in html:
            left -= len(part.body) * html.count(wanted)
            html = html.replace(wanted, f"data:{part.shown.type};base64,{b64encode(part.body).decode('ascii')}")
    return html
