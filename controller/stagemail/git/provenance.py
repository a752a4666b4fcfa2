"""Who wrote, committed and merged each of many revisions, in two questions to git however many they are.

Names are other people's text: control characters are taken out. Not here: what reverts what (``ancestry``).
Source: git-log(1), `--no-walk` and `--ignore-missing`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from stagemail.git.history import clean
from stagemail.git.repository import Repository, is_full_id
from stagemail.model.origin import Origin

_AT_ONCE: Final = 500
"""Revisions of one question: their ids fit every system's command line."""
_FORMAT: Final = "--format=%H%x00%P%x00%an <%ae>%x00%cn <%ce>%x00%cI%x00%s"
_FIELDS: Final = 6


@dataclass(frozen=True, slots=True)
class _Read:
    parents: tuple[str, ...]
    author: str
    committer: str
    at: str
    subject: str


def origins(repository: Repository, revisions: Iterable[str]) -> Mapping[str, Origin]:
    """By full id. What is no full id, or not in this repository, is left out. Raises StagemailError."""
    found = _read(repository, revisions)
    changes = _read(repository, (read.parents[1] for read in found.values() if len(read.parents) > 1))
    told = {}
    for revision, read in found.items():
        change = read.parents[1] if len(read.parents) > 1 else ""
        if change in changes:
            own = changes[change]
            told[revision] = Origin(change, own.author, own.committer, own.at, own.subject, read.author, read.at)
        else:
            told[revision] = Origin(revision, read.author, read.committer, read.at, read.subject)
    return told


def _read(repository: Repository, revisions: Iterable[str]) -> dict[str, _Read]:
    wanted = [revision for revision in dict.fromkeys(revisions) if is_full_id(revision)]
    found = {}
    for start in range(0, len(wanted), _AT_ONCE):
        answer = repository.command.run(
            "log", "-z", "--no-walk=unsorted", "--ignore-missing", "--no-mailmap", "--no-show-signature",
            "--no-ext-diff", "--no-patch", "--no-color", "--no-decorate", _FORMAT, *wanted[start : start + _AT_ONCE],
            "--", what="the commits of past runs",
        )  # fmt: skip
        fields = answer.decode("utf-8", "replace").split("\0")
        for at in range(0, len(fields) - _FIELDS + 1, _FIELDS):
            id_, parents, author, committer, when, subject = fields[at : at + _FIELDS]
            found[id_.strip()] = _Read(
                tuple(parents.split()), clean(author), clean(committer), _utc(when), clean(subject)
            )
    return found


def _utc(when: str) -> str:
    """Git's time in UTC as runs have theirs (RFC 3339); as Git says it where the year is none."""
    try:
        return datetime.fromisoformat(when).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return clean(when)
