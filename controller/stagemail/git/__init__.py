"""What stagemail asks of Git, each a fixed command with an environment of its own. The only importer of GitPython.

Not here: which files count (``source``), pull requests (``host``), commits of documents: only people make those.
"""

from stagemail.git.arguments import DEFAULT_PROTOCOLS
from stagemail.git.committing import STAGEMAIL, Identity, commit_files
from stagemail.git.history import blame, commit, log
from stagemail.git.mirroring import Access, mirror
from stagemail.git.objects import Change, TreeEntry, changed, is_blob_id, read_blobs, tree
from stagemail.git.remote_branch import RemoteBranch, fetch, is_before, push, tip, trailers
from stagemail.git.repository import Repository, discover, open_repository, resolve
from stagemail.git.worktree import IndexEntry, Status, index, status

__all__ = [
    "DEFAULT_PROTOCOLS",
    "STAGEMAIL",
    "Access",
    "Change",
    "Identity",
    "IndexEntry",
    "RemoteBranch",
    "Repository",
    "Status",
    "TreeEntry",
    "blame",
    "changed",
    "commit",
    "commit_files",
    "discover",
    "fetch",
    "index",
    "is_before",
    "is_blob_id",
    "log",
    "mirror",
    "open_repository",
    "push",
    "read_blobs",
    "resolve",
    "status",
    "tip",
    "trailers",
    "tree",
]
