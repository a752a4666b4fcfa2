"""What mail clients support, by Can I email's data (``clients.json``, which names its source, date and licence).

The share counts clients, not people: nobody publishes how many readers each has in your audience. Not here: which
features a message uses (``css``, ``elements``); making the file (``tools.mail_clients``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from stagemail.review.notes import Notes

MUCH, SOME = 30, 10
"""Percent of the clients without support, from which on it is a warning, a hint."""
PROMINENT = ("Gmail", "Outlook", "Apple Mail", "Yahoo")
"""Named first, because most readers use one of them."""
NAMED = 4


@dataclass(frozen=True, slots=True)
class Feature:
    """Who supports a feature: names of clients without, how many partly, how many were tested."""

    slug: str
    title: str
    tested: int
    partly: int
    without: tuple[str, ...]

    @property
    def share(self) -> int:
        """Percent of the tested clients that do not support it."""
        return round(100 * len(self.without) / self.tested) if self.tested else 0

    @property
    def page(self) -> str:
        """Where the data is shown."""
        return f"https://www.caniemail.com/features/{self.slug}/"


@dataclass(frozen=True, slots=True)
class Data:
    """The whole file. ``label`` says what it is and of when."""

    label: str
    features: Mapping[str, Feature]


@lru_cache(maxsize=1)
def data() -> Data:
    """Read it once."""
    found = json.loads((files("stagemail.review") / "clients.json").read_text(encoding="utf-8"))
    clients = found["clients"]
    features = {
        slug: Feature(
            slug,
            title,
            sum(letter in "yan" for letter in letters),
            letters.count("a"),
            tuple(sorted((name for name, letter in zip(clients, letters, strict=True) if letter == "n"), key=_weight)),
        )
        for slug, (title, _, letters) in found["features"].items()
    }
    return Data(f"Can I email, {found['date']} ({len(clients)} clients)", features)


class Used:
    """The features that a part uses: the first place of each, and how often."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._found: dict[str, tuple[int, int, int]] = {}

    def add(self, slug: str, line: int, column: int) -> None:
        """A feature is used here."""
        first = self._found.get(slug)
        self._found[slug] = (first[0], first[1], first[2] + 1) if first else (line, column, 1)

    def note(self, notes: Notes) -> None:
        """Note those that a good part of the clients does not support."""
        for slug, (line, column, times) in self._found.items():
            feature = data().features.get(slug)
            if feature is not None and feature.share >= SOME:
                _note(feature, (self._part, line, column), times, notes)


def _note(feature: Feature, at: tuple[str, int, int], times: int, notes: Notes) -> None:
    code = "not-supported-everywhere" if feature.share >= MUCH else "not-supported-by-some"
    more = len(feature.without) - NAMED
    named = ", ".join(feature.without[:NAMED]) + (f" and {more} more" if more > 0 else "")
    partly = f", {feature.partly} only partly" if feature.partly else ""
    notes.add(
        code, *at, times=times, feature=feature.title, unsupported=len(feature.without), tested=feature.tested,
        share=feature.share, partly=partly, clients=named, source=feature.page,
    )  # fmt: skip


def _weight(name: str) -> tuple[int, str]:
    known = next((place for place, start in enumerate(PROMINENT) if name.startswith(start)), len(PROMINENT))
    return known, name
