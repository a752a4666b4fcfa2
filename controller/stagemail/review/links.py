"""Looks at links and images of a page: where they lead, what they say, whether a reader reaches them.

Not here: reading addresses (``places``).
"""

import re
from collections.abc import Iterable

from stagemail.review.message import Part
from stagemail.review.notes import Notes
from stagemail.review.page import Element, Link, Page
from stagemail.review.places import OF_PEOPLE, OF_SCRIPTS, is_inside, is_number, same_site, target_of

_SHOWN = re.compile(r"(https?://)?((?:[a-z0-9-]{1,63}\.){1,8}([a-z]{2,24}))(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
FILES = frozenset(
    {"pdf", "doc", "docx", "xls", "xlsx", "csv", "html", "htm", "txt", "zip", "png", "jpg", "jpeg", "md", "js"}
)
RUNNING = frozenset({"script"})
FRAMES = frozenset({"iframe", "frame", "frameset", "embed", "applet", "object"})


def look_at_links(page: Page, part: str, notes: Notes) -> None:
    """Every ``<a>`` and ``<area>``, scripts and frames."""
    for link in page.links:
        _link(link, part, notes)
    for element in page.elements:
        at = (part, element.line, element.column)
        if element.tag == "area" and element.attributes.get("href"):
            _target(element.attributes["href"], "", at, notes)
        if element.tag in RUNNING:
            notes.add("script", *at, what="a <script>")
        if element.tag in FRAMES:
            notes.add("frame", *at, what=element.tag)
        handler = next((name for name in element.attributes if name.startswith("on")), None)
        if handler:
            notes.add("script", *at, what=f"the script {handler}=")


def look_at_images(page: Page, part: str, notes: Notes) -> None:
    """Every ``<img>``."""
    for element in page.elements:
        if element.tag != "img":
            continue
        at = (part, element.line, element.column)
        source = element.attributes.get("src", "").strip()
        if "alt" not in element.attributes:
            notes.add("image-without-alt", *at, src=_short(source) or "(no src)")
        if not source:
            notes.add("image-without-source", *at)
            continue
        found = target_of(source)
        if found.scheme == "http":
            notes.add("image-http", *at, src=source)
        elif found.scheme not in ("https", "cid", "data") and not _placeholder(source):
            notes.add("image-unreachable", *at, src=source)
        if found.scheme in ("http", "https") and (found.broken or is_inside(found.host)) and not _placeholder(source):
            notes.add("image-unreachable", *at, src=source)


def look_at_cids(pages: Iterable[tuple[Part, Page]], parts: Iterable[Part], notes: Notes) -> None:
    """cid: references beside the parts that have them."""
    there = {part.content_id: part for part in parts if part.content_id}
    wanted: set[str] = set()
    for part, page in pages:
        for element in page.elements:
            for value in (element.attributes.get(name, "") for name in ("src", "background", "href")):
                if value.lower().startswith("cid:"):
                    wanted.add(value[4:])
                    if value[4:] not in there:
                        notes.add("cid-missing", part.label, element.line, element.column, cid=value[4:])
    for cid, inline in there.items():
        if inline.shown.disposition == "inline" and cid not in wanted and inline.shown.type.startswith("image/"):
            notes.add("cid-unused", inline.label, cid=cid)


def _link(link: Link, part: str, notes: Notes) -> None:
    attributes = link.element.attributes
    at = (part, link.element.line, link.element.column)
    if "href" not in attributes:
        if not ({"name", "id"} & attributes.keys()):
            notes.add("link-without-target", *at, text=link.text or "(no text)")
        return
    address = attributes["href"].strip()
    if address in ("", "#"):
        notes.add("link-without-target", *at, text=link.text or "(no text)")
        return
    if not link.text and "aria-label" not in attributes:
        notes.add("link-without-text", *at, href=address)
    _target(address, link.text, at, notes)


def _target(address: str, text: str, at: tuple[str, int, int], notes: Notes) -> None:
    found = target_of(address)
    if address.startswith("#") or found.scheme in OF_PEOPLE or (_placeholder(address) and found.scheme != "http"):
        return
    if found.scheme in OF_SCRIPTS:
        notes.add("link-script", *at, href=address)
    elif found.scheme in ("", "file"):
        notes.add("link-relative", *at, href=address)
    elif found.broken:
        notes.add("link-broken", *at, href=address)
    elif found.scheme in ("http", "https"):
        _web(address, text, at, notes)


def _web(address: str, text: str, at: tuple[str, int, int], notes: Notes) -> None:
    found = target_of(address)
    if found.scheme == "http":
        notes.add("link-http", *at, href=address)
    if found.user:
        notes.add("link-credentials", *at, href=address)
    if is_number(found.host):
        notes.add("link-ip-address", *at, href=address)
    elif is_inside(found.host):
        notes.add("link-unreachable", *at, href=address)
    shown = shown_host(text)
    if shown and not same_site(shown, found.host):
        notes.add("link-text-mismatch", *at, shown=shown, host=found.host)


def shown_host(text: str) -> str:
    """The host that a link's text shows; "" where it shows none."""
    found = _SHOWN.fullmatch(text.strip()[:2000])
    if not found or (not found[1] and found[3].lower() in FILES):
        return ""
    return found[2].lower()


def _placeholder(address: str) -> bool:
    """A template's hole, which has its own finding."""
    return any(mark in address for mark in ("{{", "[%", "<%", "${", "*|", "{%", "%%"))


def _short(element_source: str) -> str:
    return element_source if len(element_source) <= 80 else element_source[:79] + "…"


def is_image(element: Element) -> bool:
    """An image that readers see: one of a single pixel is a counter."""
    size = {element.attributes.get("width", "").strip(), element.attributes.get("height", "").strip()}
    return element.tag == "img" and not size & {"0", "1", "1px", "0px"}
