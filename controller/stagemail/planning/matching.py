"""An index of selectors: which of ten thousand mean this app, without asking each of them.

Not here: what it means to be selected (``resolve``, ``waiving``).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from stagemail.model.selector import Selector

Entry = TypeVar("Entry")

_SPECIAL = re.compile(r"[*?]")


class Matching(Generic[Entry]):
    """Entries by selector. Exact ones are looked up, patterns by the text before their first special character, or
    after their last one; only patterns with neither are tried one by one.
    """

    def __init__(self, entries: Iterable[tuple[Selector, Entry]] = ()) -> None:
        self._exact: dict[str, list[Entry]] = {}
        self._heads: dict[str, list[tuple[Selector, Entry]]] = {}
        self._tails: dict[str, list[tuple[Selector, Entry]]] = {}
        for selector, entry in entries:
            if not selector.is_pattern:
                self._exact.setdefault(selector.text, []).append(entry)
                continue
            parts = _SPECIAL.split(selector.text)
            where, text = (self._heads, parts[0]) if parts[0] else (self._tails, parts[-1])
            where.setdefault(text, []).append((selector, entry))
        self._head_lengths = sorted({len(text) for text in self._heads})
        self._tail_lengths = sorted({len(text) for text in self._tails})

    def by_name(self, name: str, key: str) -> list[Entry]:
        """What names the app exactly, or its key."""
        named = self._exact.get(name, [])
        return named if key == name else [*named, *self._exact.get(key, ())]

    def by_pattern(self, name: str, key: str) -> list[Entry]:
        """What catches the app by a pattern."""
        if not self._head_lengths and not self._tail_lengths:
            return []
        return [entry for selector, entry in self._candidates(name) if selector.matches(name, key)]

    def matches(self, name: str, key: str) -> bool:
        """Whether anything means the app."""
        return bool(self.by_name(name, key) or self.by_pattern(name, key))

    def _candidates(self, name: str) -> Iterator[tuple[Selector, Entry]]:
        for length in self._head_lengths:
            if length <= len(name):
                yield from self._heads.get(name[:length], ())
        for length in self._tail_lengths:
            if length <= len(name):
                yield from self._tails.get(name[len(name) - length :], ())
