"""Which apps a binding means: an exact name or key, or a pattern in which only ``*`` and ``?`` are special."""

import re
from functools import lru_cache

from stagemail.dataclass import dataclass


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Every text between two stars is taken where it comes first, and never given back: a look costs no more than
    pattern times name, whatever an author wrote."""
    first, *rest = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    inner = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
    return re.compile(f"{first}{inner}.*{rest[-1]}", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Selector:
    """A name, a key or a pattern. Matching is case-sensitive, as the platform's names are."""

    text: str

    @property
    def is_pattern(self) -> bool:
        """Whether it may match more than one app."""
        return "*" in self.text or "?" in self.text

    def matches(self, name: str, key: str) -> bool:
        """Whether it means the app with this name and key."""
        if self.is_pattern:
            return _compiled(self.text).fullmatch(name) is not None
        return self.text in (name, key)
