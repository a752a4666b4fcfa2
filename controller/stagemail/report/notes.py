"""A plan's notes by kind, in the order in which a reader needs them.

Not here: laying them out.
"""

from collections.abc import Iterable
from typing import get_args

from stagemail.dataclass import dataclass
from stagemail.model.plan import NOTE_ORDER, Note, NoteKind

TITLES: dict[NoteKind, str] = {
    "assumed": "Assumed and not read",
    "read-only": "Only shown: nothing of this can be written",
    "uncovered": "Bound by nobody: mail goes where the app says",
    "standing-hazard": "There already, and still a hazard",
    "foreign-pending": "Pending, and not from Git",
    "pending": "Pending",
    "newly-matched": "Newly caught by a pattern",
    "credentials-not-read": "Credentials that were not read",
    "preflight-failed": "Preflight failed, seen from here and not from the platform",
    "sender-doubtful": "Receivers may not believe this sender",
    "sender-unchecked": "Not checked in DNS: no pass",
    "authentication-retires": "Logins that their provider retires",
    "secret-expires": "Credentials that run out",
    "unverified": "Secrets that nobody verified",
    "undetectable": "Secrets whose overwrite outside cannot be detected",
    "waiver-expired": "Waivers past their date (still accepted)",
    "waiver-unused": "Waivers that accept nothing here",
    "unsupported": "Not supported by the target",
    "verified-only": "Only verified: the target cannot set it",
    "waiting": "Waiting for a deploy",
    "before-first-deploy": "Written before the first deploy",
    "not-bindable": "Not an app with recipients",
    "stage-unmanaged": "Not managed",
    "preflight-passed": "Preflight passed",
    "adopted": "Already as Git wants, taken over without a write",
    "in-sync": "In sync, left alone",
}
WARNS: frozenset[NoteKind] = frozenset(
    {
        "assumed",
        "read-only",
        "uncovered",
        "standing-hazard",
        "foreign-pending",
        "credentials-not-read",
        "preflight-failed",
        "sender-doubtful",
        "sender-unchecked",
        "unverified",
        "secret-expires",
        "authentication-retires",
        "waiver-expired",
        "unsupported",
    }
)
BRIEF: frozenset[NoteKind] = frozenset({"in-sync", "adopted"})
"""Kinds whose subjects say it all."""


@dataclass(frozen=True, slots=True)
class NoteGroup:
    """All notes of one kind. ``brief``: the subjects are enough."""

    kind: NoteKind
    title: str
    notes: tuple[Note, ...]

    @property
    def warns(self) -> bool:
        """Whether a person should look at it."""
        return self.kind in WARNS

    @property
    def brief(self) -> bool:
        """Whether the subjects are enough."""
        return self.kind in BRIEF

    def by_message(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The subjects of each message, so that what is true of many is said once."""
        found: dict[str, list[str]] = {}
        for note in self.notes:
            found.setdefault(note.message, []).append(note.subject)
        return tuple((message, tuple(subjects)) for message, subjects in found.items())


def note_groups(notes: Iterable[Note]) -> tuple[NoteGroup, ...]:
    """The notes by kind: first what a person should look at, last what is simply in order."""
    by_kind: dict[NoteKind, list[Note]] = {}
    for note in sorted(set(notes), key=NOTE_ORDER):
        by_kind.setdefault(note.kind, []).append(note)
    kinds = [*TITLES, *(kind for kind in get_args(NoteKind) if kind not in TITLES)]
    return tuple(NoteGroup(kind, TITLES.get(kind, kind), tuple(by_kind[kind])) for kind in kinds if kind in by_kind)
