"""The exact value of a hazard, as text that fits into a waiver and means nothing else.

Not here: which value that is (``hazards``, ``plan_wide``).
"""

from hashlib import sha256
from typing import Final

from stagemail.model.field import Value

LONGEST: Final = 200
"""Characters of a value that a waiver repeats in full; a waiver's ``to`` is one line of at most 500."""
SHOWN: Final = 100


def exactly(text: str) -> str:
    """The text itself; where it is long, or has characters that nobody can see or type, its start and its digest."""
    if len(text) <= LONGEST and text.isprintable() and text == text.strip():
        return text
    start = "".join(char if char.isprintable() else "?" for char in text[:SHOWN]).strip()
    return f"{start}… sha256:{sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}"


def written(value: Value) -> str:
    """A value as a hazard says it. Secrets are never part of one."""
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
