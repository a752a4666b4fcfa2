"""A branch that only ever grows, held against its own history.

Lines that are missing at the end leave no broken seal behind. But every commit of ours says in a trailer how many lines
there were, and commits cannot be taken out of a branch that forbids force pushes: a tip with fewer lines than an
earlier commit is refused. That is what the branch's full history is for; the documents' history is not needed.
Not here: what is in the files.
"""

from collections.abc import Callable
from typing import Final

from stagemail import git
from stagemail.errors import CorruptRecord, InvalidInput, NotFound, TryLater, UserMustFix
from stagemail.record.sealing import Sealing

TRAILER: Final = "Stagemail-Record-Lines"
"""The trailer by which each commit says how many lines there are with it."""
LARGEST: Final = 64 * 1024 * 1024
"""Bytes that are read at a time."""
_READS: Final = 5
"""How often the branch may move or vanish while it is read."""


def message(subject: str, lines: int) -> str:
    """What a commit of ours says."""
    return f"{subject} [skip ci]\n\nWritten by stagemail and by nobody else.\n\n{TRAILER}: {lines}\n"


def fetched_tip(at: git.RemoteBranch, known: str | None) -> str | None:
    """The branch's newest commit, fetched unless it is the known one; None where there is no branch.

    Raises TryLater where it moves faster than it can be read.
    """
    for _ in range(_READS):
        tip = git.tip(at)
        if tip is None or tip == known:
            return tip
        try:
            git.fetch(at, tip)
        except NotFound:
            continue
        return tip
    raise TryLater(f"the branch {at.branch} moves faster than it can be read", hint="run again")


def blobs(at: git.RemoteBranch, sizes: dict[str, int], seals: Sealing) -> dict[str, bytes]:
    """The bytes of files of the branch, by the ids of their blobs. Raises CorruptRecord where they are too many."""
    try:
        return git.read_blobs(at.repository, sizes, LARGEST)
    except InvalidInput as error:
        raise CorruptRecord(f"{seals.where} is no record: {error.message}", hint=seals.way_out) from None


def only(at: git.RemoteBranch, tip: str, fits: Callable[[str], bool], what: str) -> list[git.TreeEntry]:
    """The files of the branch. Raises UserMustFix where one is not ours: the next commit would take it away.

    So the branch of the documents, named by mistake, is never emptied.
    """
    found = git.tree(at.repository, tip, [])
    other = sorted(entry.path for entry in found if not fits(entry.path))
    if other:
        raise UserMustFix(
            f"the branch {at.branch} holds {other[0][:100]!r}, so it is no {what}; nothing was written to it",
            hint=f"name a branch of its own in the operator file; stagemail makes it. If it is the {what}'s own, take "
            "out in a commit what is not stagemail's",
        )
    return list(found)


def hold_against_history(at: git.RemoteBranch, tip: str, number: int, seals: Sealing) -> None:
    """Raise CorruptRecord where any commit up to this one had more lines than so many."""
    for commit, said in git.trailers(at, tip, TRAILER):
        if said.isascii() and said.isdigit() and len(said) < 16 and int(said) > number:
            raise CorruptRecord(
                f"{seals.where}:{number + 1} is missing: the commit {commit[:12]} had recorded "
                f"{int(said)} lines, and now there are {number}; lines at the end were removed",
                hint=seals.way_out,
            )
