"""Begins what a command needs later and takes long: the operator file is judged meanwhile, where it never was.

Judging takes as long as loading the verb, and on another processor. Its result is in the user's cache afterwards;
where it is not, the verb judges for itself and says what is wrong. Not here: judging (``wiring.operator_reading``).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stagemail.errors import StagemailError
from stagemail.wiring.beside import beside
from stagemail.wiring.judged import kept_at
from stagemail.wiring.operator_reading import read_operator
from stagemail.wiring.places import operator_file, root_of

VERBS: Final = frozenset(("plan", "validate", "apply"))
"""The verbs that look at thousands of files: the others are as quick alone."""


@contextmanager
def begun(arguments: Sequence[str]) -> Iterator[Callable[[], None] | None]:
    """What this gives waits until the operator file of this folder's checkout was judged; None: nobody does that."""
    unknown = _unknown() if arguments[:1] and arguments[0] in VERBS else None
    if unknown is None:
        yield None
        return
    with beside(lambda: _judge(*unknown)) as wait:
        yield wait


def _unknown() -> tuple[Path, Path] | None:
    """The operator file and the checkout of this folder, where nothing is kept of it."""
    try:
        root = root_of(Path())
        path = operator_file(os.environ.get("STAGEMAIL_CONFIG"), root)
        if path is None:
            return None
        kept = kept_at(path.read_bytes(), path.name, root)
    except (StagemailError, OSError):  # the verb says it in words
        return None
    return None if kept is None or kept.exists() else (path, root)


def _judge(path: Path, root: Path) -> None:
    read_operator(path, root)
