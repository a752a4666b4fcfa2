"""Begins what a command needs later and takes long, where the operator file was never judged: judging it, and parsing.

Another process does that while this one loads the verb and lists the files. What it finds is in the user's cache
afterwards; where it is not, the verb does all by itself and says what is wrong.
Not here: judging (``wiring.operator_reading``), parsing (``wiring.filling``).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from stagemail.errors import StagemailError
from stagemail.wiring.beside import Telling, telling
from stagemail.wiring.judged import kept_at
from stagemail.wiring.operator_reading import read_operator
from stagemail.wiring.places import operator_file, root_of

VERBS: Final = frozenset(("plan", "validate", "apply"))
"""The verbs that look at thousands of files: the others are as quick alone."""


@contextmanager
def begun(arguments: Sequence[str]) -> Iterator[Telling | None]:
    """Who judges the operator file of this folder's checkout, tells it, and parses a part of the documents then.

    None where nobody has to: it was judged before, or the command is about something else.
    """
    unknown = _unknown() if arguments[:1] and arguments[0] in VERBS and not _is_elsewhere(arguments) else None
    if unknown is None:
        yield None
        return
    path, root = unknown
    with telling(lambda tell: _work(path, root, tell)) as told:
        yield told


def _is_elsewhere(arguments: Sequence[str]) -> bool:
    """Whether it is about another checkout than this folder's, or about a commit, which is read in another way."""
    return any(word.partition("=")[0] in ("--root", "--revision", "--against", "--help", "-h") for word in arguments)


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


def _work(path: Path, root: Path, tell: Callable[[], None]) -> None:
    operator = read_operator(path, root)
    tell()
    documents: Any = import_module("stagemail.wiring.filling")
    documents.fill(root, operator)
