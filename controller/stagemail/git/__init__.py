"""What stagemail asks of Git, each a fixed command with an environment of its own. The only importer of GitPython.

What only the controller, a record on a branch or verified history needs is loaded when it is first named.
Not here: which files count (``source``), pull requests (``host``), commits of documents: only people make those.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from stagemail.git.accepted import accept, accepted
from stagemail.git.arguments import DEFAULT_PROTOCOLS
from stagemail.git.folders import folder_ids
from stagemail.git.history import blame, commit, cut_off, head, log
from stagemail.git.objects import Change, TreeEntry, changed, is_blob_id, read_blobs, tree
from stagemail.git.repository import Repository, discover, is_full_id, open_repository, resolve
from stagemail.git.worktree import IndexEntry, Status, index, status

if TYPE_CHECKING:
    from stagemail.git.ancestry import advance
    from stagemail.git.committing import STAGEMAIL, Identity, commit_files
    from stagemail.git.mirroring import Access, mirror, origin, remote_tip, workshop
    from stagemail.git.person import whoami
    from stagemail.git.provenance import origins
    from stagemail.git.remote_branch import RemoteBranch, fetch, has, is_before, push, tip, trailers
    from stagemail.git.trust import KeyFiles, Trust, trusting
    from stagemail.git.verifying import Signature, explained, signatures

__all__ = [
    "DEFAULT_PROTOCOLS",
    "STAGEMAIL",
    "Access",
    "Change",
    "Identity",
    "IndexEntry",
    "KeyFiles",
    "RemoteBranch",
    "Repository",
    "Signature",
    "Status",
    "TreeEntry",
    "Trust",
    "accept",
    "accepted",
    "advance",
    "blame",
    "changed",
    "commit",
    "commit_files",
    "cut_off",
    "discover",
    "explained",
    "fetch",
    "folder_ids",
    "has",
    "head",
    "index",
    "is_before",
    "is_blob_id",
    "is_full_id",
    "log",
    "mirror",
    "open_repository",
    "origin",
    "origins",
    "push",
    "read_blobs",
    "remote_tip",
    "resolve",
    "signatures",
    "status",
    "tip",
    "trailers",
    "tree",
    "trusting",
    "whoami",
    "workshop",
]

_LATE: Final = {
    "Access": "mirroring",
    "Identity": "committing",
    "KeyFiles": "trust",
    "RemoteBranch": "remote_branch",
    "STAGEMAIL": "committing",
    "Signature": "verifying",
    "Trust": "trust",
    "advance": "ancestry",
    "commit_files": "committing",
    "explained": "verifying",
    "fetch": "remote_branch",
    "has": "remote_branch",
    "is_before": "remote_branch",
    "mirror": "mirroring",
    "origin": "mirroring",
    "origins": "provenance",
    "push": "remote_branch",
    "remote_tip": "mirroring",
    "signatures": "verifying",
    "tip": "remote_branch",
    "trailers": "remote_branch",
    "trusting": "trust",
    "whoami": "person",
    "workshop": "mirroring",
}
"""The module of each name that is loaded when it is first asked for; no name is its module's own."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(name)
    found = getattr(import_module(f"stagemail.git.{_LATE[name]}"), name)
    globals()[name] = found
    return found
