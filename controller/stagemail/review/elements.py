"""Which HTML features a page uses, in the words of Can I email's data.

Not here: who supports them (``support``), CSS (``css``).
"""

from collections.abc import Iterator
from typing import Final

from stagemail.review.message import Part
from stagemail.review.page import Element, Page

_SAME = """abbr acronym address audio base bdi blockquote code del dfn dialog div form hr img link marquee meter
    object p picture pre progress rp rt ruby select small span strike strong style svg table textarea video wbr"""
SAME: Final = frozenset(_SAME.split())
_SEMANTIC = """article aside details figcaption figure footer header main mark nav section summary time"""
SEMANTIC: Final = frozenset(_SEMANTIC.split())
ATTRIBUTES: Final = {
    "align": "html-align", "background": "html-background", "cellpadding": "html-cellpadding",
    "cellspacing": "html-cellspacing", "dir": "html-dir", "height": "html-height", "hidden": "html-hidden",
    "inert": "css-inert-attribute", "popover": "html-popover", "required": "html-required", "sizes": "html-srcset",
    "srcset": "html-srcset", "usemap": "html-image-maps", "valign": "html-valign", "width": "html-width",
}  # fmt: skip
"""Without those that help where they are supported and do no harm elsewhere: lang, role, aria-*, loading, target."""
IMAGES: Final = {
    "avif": "avif", "apng": "apng", "bmp": "bmp", "gif": "gif", "hdr": "hdr", "heif": "heif", "heic": "heif",
    "ico": "ico", "jpg": "jpg", "jpeg": "jpg", "mp4": "mp4", "png": "png", "svg": "svg", "svg+xml": "svg",
    "tif": "tiff", "tiff": "tiff", "webp": "webp",
}  # fmt: skip


def features_of(page: Page, parts: dict[str, Part]) -> Iterator[tuple[str, Element]]:
    """Slugs of features with the element that uses them. ``parts``: the message's parts by Content-ID."""
    for element in page.elements:
        yield from ((slug, element) for slug in _element(element))
        for name in element.attributes:
            if name in ATTRIBUTES:
                yield ATTRIBUTES[name], element
        if element.tag in ("img", "source", "video"):
            slug = image_of(element.attributes.get("src", ""), parts)
            if slug:
                yield slug, element


def _element(element: Element) -> Iterator[str]:
    tag, attributes = element.tag, element.attributes
    if tag in SAME:
        yield f"html-{tag}"
    elif tag in SEMANTIC:
        yield "html-semantics"
    elif tag in ("ul", "ol", "dl"):
        yield "html-lists"
    elif tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
        yield "html-h1-h6"
    elif tag in ("input", "button"):
        yield f"html-{tag}-{attributes.get('type', 'text' if tag == 'input' else 'submit').lower()}"
    elif tag == "meta" and attributes.get("name", "").lower() in ("color-scheme", "supported-color-schemes"):
        yield "html-meta-color-scheme"
    elif tag == "a":
        address = attributes.get("href", "").lower()
        if address.startswith("mailto:"):
            yield "html-mailto-links"
        elif address.startswith("#") and len(address) > 1:
            yield "html-anchor-links"


def image_of(source: str, parts: dict[str, Part]) -> str:
    """The slug of an image's format, by its ending or type; "" where it cannot be told."""
    lower = source[:2000].strip().lower()
    if lower.startswith("data:"):
        return "image-base64" if ";base64" in lower[:100] else ""
    if lower.startswith("cid:"):
        part = parts.get(source.strip()[4:])
        kind = part.shown.type.removeprefix("image/") if part else ""
    else:
        path = lower.partition("?")[0].partition("#")[0]
        kind = path.rpartition("/")[2].rpartition(".")[2] if "." in path.rpartition("/")[2] else ""
    return f"image-{IMAGES[kind]}" if kind in IMAGES else ""
