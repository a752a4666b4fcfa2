"""Reading commits' contents without a checkout: the tree, many blobs in one batch, what changed between two commits.

Not here: which of the files count (``source``). Source: git-ls-tree(1), git-cat-file(1), git-diff-tree(1).
"""

from collections.abc import Mapping, Sequence

from stagemail.dataclass import dataclass
from stagemail.errors import InvalidInput, UserMustFix
from stagemail.git.arguments import safe_path
from stagemail.git.repository import FULL_ID, Repository, full_id

SYMLINK = "120000"
SUBMODULE = "160000"
_HEADER = 200
"""More bytes than the line before each blob of a batch can have."""


@dataclass(frozen=True, slots=True, order=True)
class TreeEntry:
    """A file of a commit. ``path`` may hold surrogates where its name is not UTF-8; ``size`` in bytes (0: no blob)."""

    path: str
    mode: str
    id: str
    size: int


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A path whose blob or mode differs. ``status`` is git's letter (A, M, D, T); an id is None where nothing is."""

    path: str
    status: str
    old: str | None
    new: str | None


def is_blob_id(text: str) -> bool:
    """Whether it is a full id of Git (and not a hash of ours)."""
    return FULL_ID.fullmatch(text) is not None


def tree(repository: Repository, revision: str, folders: Sequence[str]) -> tuple[TreeEntry, ...]:
    """Every file of a commit below the folders (none: all of them), sorted by path. ``revision`` is a full id."""
    where = [safe_path(folder) for folder in folders]
    answer = repository.command.run(
        "ls-tree", "-r", "-l", "-z", "--full-tree", full_id(revision), "--", *where, what=f"tree of {revision[:12]}"
    )
    return tuple(sorted(_entry(line) for line in answer.split(b"\0") if line))


def _entry(line: bytes) -> TreeEntry:
    head, _, path = line.partition(b"\t")
    mode, _, blob, size = head.decode("ascii").split()
    if size == "BAD":
        raise UserMustFix(f"blob {blob[:12]} is damaged.", hint="Run `git fsck`, or clone again.")
    return TreeEntry(path.decode("utf-8", "surrogateescape"), mode, blob, 0 if size == "-" else int(size))


def read_blobs(repository: Repository, sizes: Mapping[str, int], limit: int) -> dict[str, bytes]:
    """The bytes of blobs, in one process. ``sizes`` maps their ids to their sizes, ``limit`` bounds the sum (bytes).

    Raises InvalidInput before reading where it would be too much, UserMustFix where a blob is missing or not as large
    as the tree says.
    """
    if not sizes:
        return {}
    total = sum(sizes.values())
    if total > limit:
        raise InvalidInput(f"the files have {total:,} bytes; at most {limit:,} are read.", hint="Name fewer folders.")
    ids = [full_id(blob) for blob in sizes]
    answer = repository.command.run(
        "cat-file",
        "--batch",
        "--buffer",
        stdin="".join(f"{blob}\n" for blob in ids).encode(),
        limit=total + _HEADER * len(ids),
        what="reading files",
    )
    return _blobs(answer, sizes)


def _blobs(answer: bytes, sizes: Mapping[str, int]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    at = 0
    for blob, size in sizes.items():
        end = answer.find(b"\n", at)
        header = answer[at:end].decode("ascii", "replace").split()
        if header[:2] != [blob, "blob"] or header[2:] != [str(size)]:
            raise UserMustFix(
                f"blob {blob[:12]} cannot be read from the repository ({' '.join(header)[:80]}).",
                hint="Run `git fsck`; a partial clone must be fetched in full.",
            )
        found[blob] = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


def changed(repository: Repository, old: str, new: str, folders: Sequence[str] = ()) -> tuple[Change, ...]:
    """What differs between two commits (full ids), sorted by path. A rename is a removal and an addition."""
    where = [safe_path(folder) for folder in folders]
    answer = repository.command.run(
        "diff-tree", "--raw", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-abbrev",
        full_id(old), full_id(new), "--", *where, what=f"changes from {old[:12]} to {new[:12]}",
    )  # fmt: skip
    parts = answer.split(b"\0")
    return tuple(sorted(_change(head, path) for head, path in zip(parts[::2], parts[1::2], strict=False)))


def _change(head: bytes, path: bytes) -> Change:
    _, _, old, new, status = head.decode("ascii").split()
    return Change(path.decode("utf-8", "surrogateescape"), status[0], _id(old), _id(new))


def _id(text: str) -> str | None:
    return text if text.strip("0") else None
