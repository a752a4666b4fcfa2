"""The record's file on its branch: read at the tip, written as one commit, and held against the branch's history.

Lines that are missing at the end leave no broken seal behind. But every commit of ours says in a trailer how many lines
the record had, and commits cannot be taken out of a branch that forbids force pushes: a tip with fewer lines than an
earlier commit is refused. That is what the branch's full history is for; the documents' history is not needed.
Not here: what lines say (``git_branch_lines``), when to write (``git_branch``).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from stagemail import git
from stagemail.errors import CorruptRecord, InvalidInput, NotFound, TryLater
from stagemail.record.git_branch_lines import ADOPT, End, Parsed, Seals

FILE: Final = "record.jsonl"
TRAILER: Final = "Stagemail-Record-Lines"
"""The trailer by which each commit says how far the record went with it."""
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a record that are read."""
_READS: Final = 5
"""How often the branch may move or vanish while it is read."""


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
        for _ in range(_READS):
            tip = git.tip(self._at)
            if known is not None and tip == known.tip:
                return known
            if tip is None:
                return Seen()
            try:
                git.fetch(self._at, tip)
            except NotFound:
                continue
            return self._read(tip)
        raise TryLater(f"the branch {self._at.branch} moves faster than it can be read", hint="run again")

    def _read(self, tip: str) -> Seen:
        found = [entry for entry in git.tree(self._at.repository, tip, [FILE]) if entry.path == FILE]
        data = b""
        if found and found[0].mode.startswith("100") and found[0].size:
            sizes = {found[0].id: found[0].size}
            data = self._bytes(sizes)[found[0].id]
        parsed = self._seals.read(data) if data else Parsed()
        self._hold_against_history(tip, parsed.end)
        return Seen(tip, data, parsed)

    def _bytes(self, sizes: dict[str, int]) -> dict[str, bytes]:
        try:
            return git.read_blobs(self._at.repository, sizes, LARGEST)
        except InvalidInput as error:
            raise CorruptRecord(f"{self._seals.where} is no record: {error.message}", hint=ADOPT) from None

    def _hold_against_history(self, tip: str, end: End) -> None:
        for commit, said in git.trailers(self._at, tip, TRAILER):
            if said.isascii() and said.isdigit() and len(said) < 16 and int(said) > end.number:
                raise CorruptRecord(
                    f"{self._seals.where}:{end.number + 1} is missing: the commit {commit[:12]} had recorded "
                    f"{int(said)} lines, and now there are {end.number}; lines at the end were removed",
                    hint=ADOPT,
                )

    def commit(self, seen: Seen, data: bytes, end: End, subject: str, now: datetime) -> str:
        """A commit with the whole file on top of what was seen; nobody sees it before it is pushed."""
        message = f"{subject} [skip ci]\n\nWritten by stagemail and by nobody else.\n\n{TRAILER}: {end.number}\n"
        return git.commit_files(
            self._at.repository, {FILE: data}, parent=seen.tip, message=message, at=now, identity=self._identity
        )

    def push(self, commit: str, seen: Seen) -> bool:
        """Make the branch this commit, if it is still as it was seen; False where somebody else was faster.

        Raises NotPermitted with what to allow, Unreachable (it may have landed).
        """
        return git.push(self._at, commit, seen.tip)

    def holds(self, commit: str, seen: Seen) -> bool:
        """Whether a commit whose push was not answered did land."""
        return seen.tip is not None and git.is_before(self._at.repository, commit, seen.tip)
