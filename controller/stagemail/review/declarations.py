"""Which features a declaration uses: its property, and units, functions and words of its value.

Not here: reading style sheets (``css``). Source: the names of Can I email's features.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from turbohtml.cssom import StyleDeclaration

from stagemail.review.support import data

LONGEST: Final = 20_000
"""Characters of a ``style=`` that are looked at."""
FAMILIES: Final = {
    "gap": "css-gap", "column-gap": "css-gap", "row-gap": "css-gap", "left": "css-left-right-top-bottom",
    "right": "css-left-right-top-bottom", "top": "css-left-right-top-bottom", "bottom": "css-left-right-top-bottom",
    "block-size": "css-block-inline-size", "scroll-snap-type": "css-scroll-snap",
    "scroll-snap-align": "css-scroll-snap", "grid-template-columns": "css-grid-template",
    "grid-template-rows": "css-grid-template", "grid-template-areas": "css-grid-template",
    "margin-inline": "css-margin-inline-block", "margin-block": "css-margin-inline-block",
    "margin-inline-start": "css-margin-inline-start-end", "margin-inline-end": "css-margin-inline-start-end",
    "margin-block-start": "css-margin-block-start-end", "margin-block-end": "css-margin-block-start-end",
    "padding-inline": "css-padding-inline-block", "padding-block": "css-padding-inline-block",
    "padding-inline-start": "css-padding-inline-start-end", "padding-inline-end": "css-padding-inline-start-end",
    "padding-block-start": "css-padding-block-start-end", "padding-block-end": "css-padding-block-start-end",
    "border-inline": "css-border-inline-block", "border-block": "css-border-inline-block",
    "columns": "css-column-count", "column-rule": "css-column-layout-properties",
    "column-span": "css-column-layout-properties", "column-fill": "css-column-layout-properties",
    "column-width": "css-column-layout-properties",
    "animation-name": "css-animation", "animation-duration": "css-animation",
    "transition-property": "css-transition", "transition-duration": "css-transition",
}  # fmt: skip
WORDS: Final = {
    ("display", "flex"): "css-display-flex", ("display", "inline-flex"): "css-display-flex",
    ("display", "grid"): "css-display-grid", ("display", "inline-grid"): "css-display-grid",
    ("display", "none"): "css-display-none", ("flex-direction", "column"): "css-flex-direction",
    ("flex-direction", "column-reverse"): "css-flex-direction", ("flex-wrap", "wrap"): "css-flex-wrap",
}  # fmt: skip
FUNCTIONS: Final = {
    "calc": "css-unit-calc", "clamp": "css-function-clamp", "min": "css-function-min", "max": "css-function-max",
    "light-dark": "css-function-light-dark", "linear-gradient": "css-linear-gradient",
    "radial-gradient": "css-radial-gradient", "conic-gradient": "css-conic-gradient", "rgb": "css-rgb",
    "rgba": "css-rgba", "lch": "css-modern-color", "oklch": "css-modern-color", "lab": "css-modern-color",
    "oklab": "css-modern-color", "var": "css-variables",
}  # fmt: skip
BY_VALUE: Final = frozenset({"display", "flex-direction", "flex-wrap"})
"""Properties whose support depends on the value."""
_UNIT = re.compile(r"(?<![\w#.-])[-+]?(?:\d+\.?\d*|\.\d+)(%|[a-z]{1,4})(?![\w-])")
_FUNCTION = re.compile(r"([a-z][a-z-]{1,20})\(")
_UNITS = "ch cm em ex in mm pc pt px rem vh vmax vmin vw"
UNITS: Final = frozenset(_UNITS.split())
_SIZES: Final = frozenset({"fit-content", "min-content", "max-content"})


def of_inline(style: str) -> Iterator[str]:
    """The features of a ``style=`` attribute; of a property that stands twice, those of the last."""
    found = StyleDeclaration.parse(style[:LONGEST])
    for name in found.properties():
        yield from of_declaration(name, found.get(name) or "", found.important(name))


def of_declaration(name: str, value: str, important: bool) -> tuple[str, ...]:
    """The features of one declaration."""
    return _features(name.lower(), value.lower()[:2000], important)


@lru_cache(maxsize=4096)
def _features(name: str, value: str, important: bool) -> tuple[str, ...]:
    if name.startswith("--"):
        return ("css-variables",)
    found = [slug for slug in (_property(name),) if slug]
    words = value.replace(",", " ").split()
    found += [slug for word in words[:50] if (slug := WORDS.get((name, word)))]
    if "url(" not in value:
        found += [f"css-unit-{unit}" for unit in _UNIT.findall(value) if unit in UNITS]
        found += ["css-unit-percent"] if "%" in value else []
    found += [FUNCTIONS[function] for function in _FUNCTION.findall(value) if function in FUNCTIONS]
    found += ["css-intrinsic-size"] if _SIZES & set(words) else []
    found += ["css-unit-initial"] if "initial" in words else []
    found += ["css-important"] if important else []
    return tuple(dict.fromkeys(found))


def _property(name: str) -> str:
    if name in BY_VALUE:
        return ""
    known = data().features
    if name in FAMILIES:
        return FAMILIES[name]
    if f"css-{name}" in known:
        return f"css-{name}"
    family = next(
        (each for each in ("margin", "padding", "border-radius", "border") if name.startswith(f"{each}-")), ""
    )
    return f"css-{family}" if family else ""
