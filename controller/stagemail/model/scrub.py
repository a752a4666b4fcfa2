"""The last net: takes known credentials out of text, in the forms in which they travel.

Not a licence to put them there: ``model.secret.Secret`` masks itself, and errors never hold one.
The cost does not grow with the number of credentials: one look-up per character of the text.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from stagemail.model.disguises import disguises
from stagemail.model.secret import MASK, Secret

SHORTEST: Final = 4
"""Values with fewer characters (blanks not counted) are not looked for: they would take out ordinary words, and are no
credentials."""

PIECE: Final = 20
"""Of longer forms so many characters in a row are enough: a text may have been cut."""

BROKEN: Final = 8
"""From so many characters on a form is also found where blanks and line ends break it: text is folded."""

_GRAM: Final = 4
_STEP: Final = PIECE - _GRAM + 1


class Scrubber:
    """Replaces known values and their disguises (``disguises``) by ``***``; values can be added.

    Not for several threads at once (``reconcile.net`` is).
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._new: list[Secret] = []
        self._values: set[str] = set()
        self._known: set[tuple[str, int]] = set()
        self._index: dict[str, list[tuple[str, int, int]]] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Look for this one too. Its forms are made when the first text comes."""
        if secret.reveal() not in self._values:
            self._values.add(secret.reveal())
            self._new.append(secret)

    def scrub(self, text: str) -> str:
        """The text with every known value replaced."""
        if self._new:
            self._learn()
        if not self._index:
            return text
        spans = list(self._spans(_packed(text)))
        if not spans:
            return text
        places = [at for at, character in enumerate(text) if not character.isspace()]
        parts: list[str] = []
        end = 0
        for start, stop in _merged((places[first], places[last] + 1) for first, last in _whole(spans, places)):
            parts += (text[end:start], MASK)
            end = stop
        return "".join((*parts, text[end:])) if parts else text

    def _learn(self) -> None:
        while self._new:
            value = self._new.pop().reveal()
            if len(value) >= SHORTEST:
                for form in disguises(value):
                    self._remember(_packed(form), len(form) - len(_packed(form)))

    def _remember(self, form: str, blanks: int) -> None:
        if len(form) < SHORTEST or (form, blanks) in self._known:
            return
        self._known.add((form, blanks))
        last = 1 if len(form) < PIECE else len(form) - _GRAM + 1
        for at in range(0, last, _STEP):
            self._index.setdefault(form[at : at + _GRAM], []).append((form, at, blanks))

    def _spans(self, packed: str) -> Iterator[tuple[int, int, int]]:
        """The first and the last place of each form, or of a long enough piece of it, and how many blanks it has."""
        index = self._index
        for here in [at for at in range(len(packed) - _GRAM + 1) if packed[at : at + _GRAM] in index]:
            for form, at, blanks in index[packed[here : here + _GRAM]]:
                start, stop = _widest(packed, here, form, at)
                if stop - start >= min(len(form), PIECE):
                    yield start, stop - 1, blanks


def _packed(text: str) -> str:
    return "".join(text.split())


def _widest(text: str, here: int, form: str, at: int) -> tuple[int, int]:
    """How far text and form agree around the place where they meet."""
    start, first = here, at
    while start > 0 and first > 0 and text[start - 1] == form[first - 1]:
        start, first = start - 1, first - 1
    stop, last = here + _GRAM, at + _GRAM
    while stop < len(text) and last < len(form) and text[stop] == form[last]:
        stop, last = stop + 1, last + 1
    return start, stop


def _whole(spans: Iterable[tuple[int, int, int]], places: list[int]) -> Iterator[tuple[int, int]]:
    """Without what is only there because blanks were left out: short words that stand beside each other."""
    for first, last, blanks in spans:
        if last - first + 1 >= BROKEN or places[last] - places[first] <= last - first + blanks:
            yield first, last


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that overlap as one."""
    begin, end = -1, -1
    for start, stop in sorted(spans):
        if start >= end:
            if end > begin:
                yield begin, end
            begin, end = start, stop
        end = max(end, stop)
    if end > begin:
        yield begin, end
