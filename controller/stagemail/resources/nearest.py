"""What somebody meant who wrote a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_ALIKE: Final = 0.5
"""Short names differ much by one letter: qs is half of qa."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, whatever the case; None where none is alike."""
    folded = {choice.casefold(): choice for choice in sorted(known)}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[near[0]] if near else None


def nearest(name: str, known: Iterable[str], noun: str) -> str:
    """The next step for an unknown name: the nearest known one, else the choices, else that there are none."""
    choices = sorted(known)
    near = closest(name, choices)
    if near is not None:
        return f"did you mean `{near}`?"
    return f"choose one of: {', '.join(choices)}." if choices else f"the operator file defines no {noun} yet."
