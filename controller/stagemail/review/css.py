"""Which CSS features a page uses, in the words of Can I email's data.

Two readers, tinycss2 for ``<style>`` and turbohtml for ``style=``: the first knows lines and selectors and takes 3 µs a
byte, and a page has thousands of attributes. Not here: properties and values (``declarations``), who supports them
(``support``). Source: CSS Syntax Level 3.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import tinycss2

from stagemail.review.declarations import of_declaration, of_inline
from stagemail.review.notes import Notes
from stagemail.review.page import Page, Passage
from stagemail.review.support import Used, data

SHEET_LIMIT: Final = 128 * 1024
"""Characters of all style sheets that are looked at; Gmail drops a sheet of more than 16 KB."""
DEEPEST: Final = 4
_PSEUDO = re.compile(r"(::?)([a-z-]{2,30})")
_SELECTORS: Final = {
    "css-selector-attribute": re.compile(r"\["),
    "css-selector-adjacent-sibling": re.compile(r"\+"),
    "css-selector-general-sibling": re.compile(r"~(?!=)"),
    "css-selector-child": re.compile(r">"),
    "css-selector-universal": re.compile(r"(?<![\w|(])\*(?!=)"),
    "css-selector-id": re.compile(r"#"),
    "css-selector-class": re.compile(r"\."),
    "css-selector-chaining": re.compile(r"[\w-][.#][\w-]"),
    "css-selector-grouping": re.compile(r","),
    "css-selector-descendant": re.compile(r"[\w\])] +[\w.#\[*]"),
}
_MEDIA: Final = {
    "prefers-color-scheme": "css-at-media-prefers-color-scheme",
    "prefers-reduced-motion": "css-at-media-prefers-reduced-motion",
    "orientation": "css-at-media-orientation",
    "device-pixel-ratio": "css-at-media-device-pixel-ratio",
    "hover": "css-at-media-hover",
}
_AT: Final = {"media", "supports", "font-face", "import", "keyframes"}


def look_at_css(page: Page, part: str, used: Used, notes: Notes) -> None:
    """Style sheets and ``style=`` attributes."""
    left = SHEET_LIMIT
    for sheet in page.styles:
        if len(sheet.text) > left:
            notes.add("not-all-looked-at", part, sheet.line, sheet.column, size=f"{SHEET_LIMIT:,}", what="part's CSS")
        _sheet(Passage(sheet.text[:left], sheet.line, sheet.column), part, used, notes)
        left = max(0, left - len(sheet.text))
    seen: dict[str, tuple[str, ...]] = {}
    for element in page.elements:
        style = element.attributes.get("style")
        if style:
            if style not in seen:
                seen[style] = tuple(slug for slug in dict.fromkeys(of_inline(style)) if slug in data().features)
            for slug in seen[style]:
                used.add(slug, element.line, element.column)


def _sheet(sheet: Passage, part: str, used: Used, notes: Notes) -> None:
    text = sheet.text.replace("<!--", "    ").replace("-->", "   ")
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    for slug, line, column in _rules(rules, 0):
        at_line = sheet.line + line - 1
        at_column = column + sheet.column - 1 if line == 1 else column
        if slug.startswith("!"):
            notes.add("css-syntax", part, at_line, at_column, fault=slug[1:])
        else:
            used.add(slug, at_line, at_column)


def _rules(rules: list[Any], depth: int) -> Iterator[tuple[str, int, int]]:
    """Slugs of the rules with line and column; a slug that begins with ! is what could not be read."""
    for rule in rules:
        at = (rule.source_line, rule.source_column)
        if rule.type == "error":
            yield f"!{rule.message}", *at
        elif rule.type == "qualified-rule":
            yield from ((slug, *at) for slug in _selector(tinycss2.serialize(rule.prelude)[:4000]))
            yield from _block(rule.content, depth)
        elif rule.type == "at-rule":
            yield from _at_rule(rule, depth)


def _at_rule(rule: Any, depth: int) -> Iterator[tuple[str, int, int]]:
    name = rule.lower_at_keyword.removeprefix("-webkit-").removeprefix("-moz-")
    at = (rule.source_line, rule.source_column)
    if name in _AT:
        yield f"css-at-{name}", *at
    prelude = tinycss2.serialize(rule.prelude)[:4000].lower() if name == "media" else ""
    yield from ((slug, *at) for words, slug in _MEDIA.items() if words in prelude)
    if rule.content is None or depth >= DEEPEST:
        return
    if name in ("media", "supports", "layer", "container"):
        yield from _rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), depth + 1)


def _block(content: list[Any], depth: int) -> Iterator[tuple[str, int, int]]:
    """Declarations and nested rules of a rule."""
    for one in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        at = (one.source_line, one.source_column)
        if one.type == "declaration":
            value = tinycss2.serialize(one.value)[:4000]
            yield from ((slug, *at) for slug in of_declaration(one.lower_name, value, one.important))
        elif one.type == "qualified-rule":
            yield "css-nesting", *at
            if depth < DEEPEST:
                yield from _block(one.content, depth + 1)
        elif one.type == "error":
            yield f"!{one.message}", *at


def _selector(selector: str) -> Iterator[str]:
    bare = selector.strip()
    yield from (slug for slug, pattern in _SELECTORS.items() if pattern.search(bare))
    for colons, name in _PSEUDO.findall(bare.lower()):
        kind = "element" if colons == "::" or name in ("before", "after", "first-letter", "first-line") else "class"
        yield f"css-pseudo-{kind}-{name}"
