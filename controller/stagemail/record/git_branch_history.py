"""The record's file on its branch: read at the tip, written as one commit, and held against the branch's history.

Not here: what lines say (``git_branch_lines``), when to write (``git_branch``), missing lines (``branch_history``).
"""

from dataclasses import field
from datetime import datetime
from typing import Final

from stagemail import git
from stagemail.dataclass import dataclass
from stagemail.record.branch_history import blobs, fetched_tip, hold_against_history, message, only
from stagemail.record.git_branch_lines import Parsed, Seals
from stagemail.record.sealing import End

FILE: Final = "record.jsonl"


@dataclass(frozen=True, slots=True)
class Seen:
    """The branch at one commit; ``tip`` None: there is no branch."""

    tip: str | None = None
    data: bytes = b""
    parsed: Parsed = field(default_factory=Parsed)


class BranchFile:
    """The file ``record.jsonl`` of one branch."""

    def __init__(self, at: git.RemoteBranch, seals: Seals, identity: git.Identity) -> None:
        self._at = at
        self._seals = seals
        self._identity = identity

    def look(self, known: Seen | None) -> Seen:
        """The branch as it is now; ``known`` itself where nothing moved, for the price of one question.

        Raises CorruptRecord with the place, UserMustFix (history cut off), NotPermitted, Unreachable.
        """
        tip = fetched_tip(self._at, known.tip if known is not None else None)
        if tip is None:
            return Seen()
        return known if known is not None and tip == known.tip else self._read(tip)

    def _read(self, tip: str) -> Seen:
        found = only(self._at, tip, FILE.__eq__, "record")
        data = b""
        if found and found[0].mode.startswith("100") and found[0].size:
            sizes = {found[0].id: found[0].size}
            data = blobs(self._at, sizes, self._seals)[found[0].id]
        parsed = self._seals.read(data) if data else Parsed()
        hold_against_history(self._at, tip, parsed.end.number, self._seals)
        return Seen(tip, data, parsed)

    def commit(self, seen: Seen, data: bytes, end: End, subject: str, now: datetime) -> str:
        """A commit with the whole file on top of what was seen; nobody sees it before it is pushed."""
        return git.commit_files(
            self._at.repository, {FILE: data}, parent=seen.tip, message=message(subject, end.number), at=now,
            identity=self._identity,
        )  # fmt: skip

    def push(self, commit: str, seen: Seen) -> bool:
        """Make the branch this commit, if it is still as it was seen; False where somebody else was faster.

        Raises NotPermitted with what to allow, Unreachable (it may have landed).
        """
        return git.push(self._at, commit, seen.tip)

    def holds(self, commit: str, seen: Seen) -> bool:
        """Whether a commit whose push was not answered did land."""
        return seen.tip is not None and git.is_before(self._at.repository, commit, seen.tip)
