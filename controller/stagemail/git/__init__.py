"""What stagemail asks of Git, each a fixed command with an environment of its own. The only importer of GitPython.

Not here: which files count (``source``), pull requests (``host``), writing commits.
"""

from stagemail.git.arguments import DEFAULT_PROTOCOLS
from stagemail.git.history import blame, commit, log
from stagemail.git.mirroring import Access, mirror
from stagemail.git.objects import Change, TreeEntry, changed, is_blob_id, read_blobs, tree
from stagemail.git.repository import Repository, discover, open_repository, resolve
from stagemail.git.worktree import IndexEntry, Status, index, status

__all__ = [
    "DEFAULT_PROTOCOLS",
    "Access",
    "Change",
    "IndexEntry",
    "Repository",
    "Status",
    "TreeEntry",
    "blame",
    "changed",
    "commit",
    "discover",
    "index",
    "is_blob_id",
    "log",
    "mirror",
    "open_repository",
    "read_blobs",
    "resolve",
    "status",
    "tree",
]
