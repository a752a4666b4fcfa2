"""Parses a part of a checkout's documents into the user's cache: for a process beside the one that needs them.

Not here: which part (``source.tree_documents``), reading them (``opening``).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from stagemail.source.cache import DiskCache, open_cache
from stagemail.source.cache_folder import default_folder
from stagemail.source.tree_documents import fill_share
from stagemail.source.working_tree import WorkingTree

if TYPE_CHECKING:  # whoever has one has loaded it
    from stagemail.resources.operator import Operator


def fill(root: Path, operator: "Operator") -> None:
    """What another process reads of this checkout first. Raises what reading it raises."""
    cache = open_cache(default_folder(), outside=root)
    if isinstance(cache, DiskCache) and not operator.sources and operator.source.url is None:
        fill_share(WorkingTree(root, operator.folders()), cache)
