"""The schemas that ever were, and the names under which a record keeps what it knows of itself.

A new table or column: a revision in ``revisions``, its number here, the table in ``tables``, and, where a command that
only reads shall have it, its SQL in ``sqlite_reader`` (a test holds both to each other). Not here: upgrading.
"""

from typing import Final

REVISIONS: Final = ("0001", "0002")
"""Every schema that ever was, oldest first; the last is today's. A test holds it to the revisions' files."""

MOST_DECISIONS: Final = 1000
"""How many decisions are looked at: older ones have run out or been taken back."""

MARK: Final = "fingerprint-key"
"""The mark of the fingerprint key that the record was written with."""

COPIED: Final = "journal-copied"
"""The mark of how far the journal was copied to a branch."""
