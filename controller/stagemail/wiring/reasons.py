"""Reasons that people give for what they decide: kept in the record and shown to everybody, so judged before.

Not here: deciding (``reconcile.deciding``).
"""

import unicodedata
from typing import Final

from stagemail.errors import UsageError
from stagemail.source.pasted import in_sentence

LONGEST: Final = 500
"""Characters of a reason."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what is no text: control and format characters, halves of pairs, separators of lines."""


def judged(reason: str) -> str:
    """The reason as it is kept. Raises UsageError, which repeats nothing of it."""
    text = reason.strip()
    if len(text) > LONGEST:
        raise UsageError(
            f"--reason has {len(text)} characters, more than {LONGEST}", hint="write a sentence, or a ticket's number"
        )
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise UsageError("--reason has line ends or control characters", hint="write one line of plain text")
    if in_sentence(text):
        raise UsageError(
            "--reason holds what looks like a credential, and `history` would show it: nothing was kept",
            hint="say it without; what was typed is in your shell's history: revoke it",
        )
    return text
