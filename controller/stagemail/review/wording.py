"""Looks at the text: placeholders that nobody filled, filler, too little of it beside images, its language.

Not here: the subject's tone (``sender``).
"""

import re

from stagemail.review.links import is_image
from stagemail.review.notes import Notes
from stagemail.review.page import Page

CLIP = 102 * 1024
NEARLY = CLIP * 9 // 10
STYLE_LIMIT = 16 * 1024
MOST_WORDS_OF_IMAGES = 25
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{1,200}\}\}|\{%[^%\n]{1,200}%\}|\[%[^%\n]{1,200}%\]|<%[^%\n]{1,200}%>|\$\{[\w.\[\]() ]{1,100}\}"
    r"|\*\|[^|\n]{1,100}\|\*|%%[A-Za-z_]\w{0,60}%%|\[\[[A-Za-z_][\w. ]{0,60}\]\]|%\([A-Za-z_]\w{0,60}\)[sd]"
)
_FILLER = re.compile(r"lorem ipsum|\[object Object\]|\bTODO\b|\bFIXME\b|your text here|insert text here", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def look_at_wording(page: Page, html: str, size: int, part: str, notes: Notes) -> None:
    """An HTML part: its text, its size in bytes, its language."""
    for passage in page.passages:
        _passage(passage.text, (part, passage.line, passage.column), notes)
    for element in page.elements:
        for value in element.attributes.values():
            if "{" in value or "%" in value or "[" in value or "*|" in value:
                _passage(value, (part, element.line, element.column), notes)
    _page_size(page, size, part, notes)
    found = _CONTROL.search(html)
    if found:
        line = html.count("\n", 0, found.start()) + 1
        notes.add("control-character", part, line, character=f"U+{ord(found[0]):04X}")
    images = sum(is_image(element) for element in page.elements)
    words = len(page.text[:100_000].split())
    if images and words < MOST_WORDS_OF_IMAGES * min(images, 4):
        notes.add("mostly-images", part, images=images, words=words)
    root = next((element for element in page.elements if element.tag == "html"), None)
    if root is None or not root.attributes.get("lang", "").strip():
        notes.add("language-missing", part, root.line if root else 1, root.column if root else 1)


def look_at_charset(page: Page, charset: str, part: str, notes: Notes) -> None:
    """What the HTML says of its own charset, beside what the MIME part says."""
    for element in page.elements:
        if element.tag == "meta":
            content = element.attributes.get("content", "")[:200].lower()
            inside = element.attributes.get("charset", content.partition("charset=")[2]).strip().lower()
            if inside and charset and inside != charset.lower():
                notes.add("html-charset-differs", part, element.line, element.column, inside=inside, outside=charset)
            if inside:
                return


def look_at_text(text: str, part: str, notes: Notes) -> None:
    """A plain text part, or a subject."""
    _passage(text, (part, 1, 1), notes)


def _page_size(page: Page, size: int, part: str, notes: Notes) -> None:
    if size > CLIP:
        notes.add("html-clipped", part, size=f"{size:,}")
    elif size > NEARLY:
        notes.add("html-nearly-clipped", part, size=f"{size:,}")
    for style in page.styles:
        length = len(style.text.encode("utf-8", "replace"))
        if length > STYLE_LIMIT:
            notes.add("style-too-long", part, style.line, style.column, size=f"{length:,}")


def _passage(text: str, at: tuple[str, int, int], notes: Notes) -> None:
    if text.isspace():
        return
    part, line, column = at
    for pattern, code in ((_PLACEHOLDER, "template-placeholder"), (_FILLER, "filler-text")):
        for found in pattern.finditer(text):
            before = text.count("\n", 0, found.start())
            start = found.start() - text.rfind("\n", 0, found.start()) if before else column + found.start()
            notes.add(code, part, line + before if line else 0, start if line else 0, text=found[0])
