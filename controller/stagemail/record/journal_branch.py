"""The journal's copy on a protected branch: implements ``journal_ports.Archive``. Nothing on it is ever changed.

Files ``journal-000000001.jsonl`` … are named by their first line; the newest one grows until it is large, then the next
one begins, so that a push carries little. All lines are one chain, over all files.
Not here: lines (``journal_lines``), what is copied when (``reconcile.archiving``).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from stagemail import git
from stagemail.errors import Unreachable
from stagemail.journal_ports import Archived
from stagemail.model.event import Anew, Event
from stagemail.record.branch_history import blobs, fetched_tip, hold_against_history, message, only
from stagemail.record.codec import encode_instant
from stagemail.record.journal_lines import JournalSeals, subject
from stagemail.record.sealing import End

LARGE: Final = 256 * 1024
"""Bytes of a file after which the next one begins."""
_FILE: Final = re.compile(r"journal-(\d{9,})\.jsonl")


@dataclass(frozen=True, slots=True)
class _Seen:
    """The branch at one commit. ``files``: blobs by name; ``newest``: the bytes of the last of them."""

    tip: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    newest: bytes = b""
    end: End = field(default_factory=End)
    last: Event | None = None

    @property
    def archived(self) -> Archived:
        return Archived(self.end.number, self.last)


class JournalBranch:
    """``at`` gives the branch with a login that was read now."""

    def __init__(self, name: str, at: Callable[[], git.RemoteBranch], key: bytes, now: Callable[[], datetime]) -> None:
        self.name = name
        self._at = at
        self._key = key
        self._now = now
        self._seen: _Seen | None = None

    def end(self) -> Archived:
        """See ``journal_ports.Archive.end``. Where nothing moved it costs one question to the server."""
        return self._look(self._at()).archived

    def read(self) -> Iterator[Event | Anew]:
        """See ``journal_ports.Archive.read``."""
        at = self._at()
        tip = fetched_tip(at, None)
        if tip is not None:
            last = End()
            for _, _, said, end in self._files(at, tip):
                last = end
                yield from said
            hold_against_history(at, tip, last.number, self._seals())

    def add(self, lines: Sequence[Event | Anew], after: Archived) -> Archived | None:
        """See ``journal_ports.Archive.add``."""
        at = self._at()
        seen = self._seen if self._seen is not None else self._look(at)
        if seen.archived != after:
            return None
        now = self._now()
        new, end = self._seals().lines(lines, seen.end, encode_instant(now))
        name = max(seen.files, key=_number, default="")
        grows = bool(name) and len(seen.newest) < LARGE
        name = name if grows else f"journal-{seen.end.number + 1:09d}.jsonl"
        data = seen.newest + new if grows else new
        commit = git.commit_files(
            at.repository, {**seen.files, name: data}, parent=seen.tip, message=message(subject(lines), end.number),
            at=now,
        )  # fmt: skip
        if not self._pushed(at, commit, seen):
            self._seen = None
            return None
        last = lines[-1] if lines and isinstance(lines[-1], Event) else None
        files = {entry.path: entry.id for entry in git.tree(at.repository, commit, [])}
        self._seen = _Seen(commit, files, data, end, last)
        return self._seen.archived

    def _pushed(self, at: git.RemoteBranch, commit: str, seen: _Seen) -> bool:
        try:
            return git.push(at, commit, seen.tip)
        except Unreachable:
            # The answer is lost, the push perhaps not.
            tip = fetched_tip(at, None)
            if tip is None or not git.is_before(at.repository, commit, tip):
                raise
            return tip == commit

    def _look(self, at: git.RemoteBranch) -> _Seen:
        tip = fetched_tip(at, self._seen.tip if self._seen is not None else None)
        if self._seen is None or tip != self._seen.tip:
            self._seen = None  # what cannot be read is read again
            self._seen = _Seen() if tip is None else self._whole(at, tip)
        return self._seen

    def _whole(self, at: git.RemoteBranch, tip: str) -> _Seen:
        seen = _Seen(tip)
        for entry, data, said, end in self._files(at, tip):
            files = {**seen.files, entry.path: entry.id}
            last = said[-1] if isinstance(said[-1], Event) else None
            seen = replace(seen, files=files, newest=data, end=end, last=last)
        hold_against_history(at, tip, seen.end.number, self._seals())
        return seen

    def _files(
        self, at: git.RemoteBranch, tip: str
    ) -> Iterator[tuple[git.TreeEntry, bytes, tuple[Event | Anew, ...], End]]:
        """Each file in the order of its lines: with its bytes, what it says, and where lines end with it."""
        end = End()
        ours = only(at, tip, lambda path: _FILE.fullmatch(path) is not None, "journal")
        found = [entry for entry in ours if entry.mode.startswith("100")]
        for entry in sorted(found, key=lambda entry: _number(entry.path)):
            seals = self._seals(entry.path)
            data = blobs(at, {entry.id: entry.size}, seals)[entry.id]
            said, end = seals.read(data, end)
            yield entry, data, said, end

    def _seals(self, file: str = "journal") -> JournalSeals:
        return JournalSeals(self._key, f"{self.name}:{file}")


def _number(name: str) -> int:
    found = _FILE.fullmatch(name)
    return int(found[1]) if found else 0
