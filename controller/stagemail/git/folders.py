"""The ids of whole folders of a commit: equal ids, equal content, however many files are in them.

Not here: the files themselves (``objects``). Source: git-ls-tree(1).
"""

from collections.abc import Sequence

from stagemail.git.arguments import safe_path
from stagemail.git.repository import Repository, full_id


def folder_ids(repository: Repository, commit: str, folders: Sequence[str]) -> dict[str, str]:
    """The tree id of each folder (relative to the top; "" is all of it) that the commit has. ``commit``: a full id."""
    below = [safe_path(folder) for folder in folders if folder]
    found: dict[str, str] = {}
    if len(below) < len(folders):
        answer = repository.command.run("rev-parse", "--verify", "--end-of-options", f"{full_id(commit)}^{{tree}}")
        found[""] = full_id(answer.decode("ascii", "replace").strip())
    if below:
        answer = repository.command.run("ls-tree", "-d", "-z", "--full-tree", full_id(commit), "--", *below)
        for line in answer.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            head, _, path = line.partition("\t")
            found[path] = head.split()[2]
    return found
