"""What stagemail asks of Git, each a fixed command with an environment of its own. The only importer of GitPython.

Not here: which files count (``source``), pull requests (``host``), commits of documents: only people make those.
"""

from stagemail.git.accepted import accept, accepted
from stagemail.git.ancestry import advance
from stagemail.git.arguments import DEFAULT_PROTOCOLS
from stagemail.git.committing import STAGEMAIL, Identity, commit_files
from stagemail.git.folders import folder_ids
from stagemail.git.history import blame, commit, head, log
from stagemail.git.mirroring import Access, mirror, remote_tip, workshop
from stagemail.git.objects import Change, TreeEntry, changed, is_blob_id, read_blobs, tree
from stagemail.git.origins import origins
from stagemail.git.person import whoami
from stagemail.git.remote_branch import RemoteBranch, fetch, has, is_before, push, tip, trailers
from stagemail.git.repository import Repository, discover, is_full_id, open_repository, resolve
from stagemail.git.signatures import Signature, explained, signatures
from stagemail.git.trust import KeyFiles, Trust, trusting
from stagemail.git.worktree import IndexEntry, Status, index, status

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
