"""``plan`` from what the last whole one found, where that can be: before click is loaded, which takes longer.

Only command lines that it understands in full are answered here; every other one takes the ordinary way.
Not here: what is remembered, and when it still holds (``wiring.recalled``).
"""

import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.source.cache_folder import default_folder
from stagemail.wiring.beside import answering
from stagemail.wiring.clock import SPEED_VARIABLE
from stagemail.wiring.memo import Changed, Memo, load_memo, memo_path
from stagemail.wiring.places import operator_file, root_of

_FORMS: Final = ("text", "json", "markdown")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that change nothing in a plan."""

    stages: tuple[str, ...]
    root: Path = Path()
    form: str = "text"
    detailed: bool = False


def answered(arguments: Sequence[str]) -> int | None:
    """Print the plans that these arguments of ``plan`` ask for and give the exit code; None: run the verb."""
    asked = understood(arguments)
    if asked is None or os.environ.get("STAGEMAIL_STATE") or os.environ.get(SPEED_VARIABLE):
        return None
    memo = _memo(asked.root)
    if memo is None:
        return None
    with answering(lambda: _changed(memo)) as changed:
        recalling: Any = import_module("stagemail.wiring.recalled")
        report: Any = import_module("stagemail.cli.plan_report")
        plans = recalling.recalled(memo, asked.stages, changed)
    if plans is None:
        return None
    text = report.render(plans, {}, asked.form).rstrip("\n")
    sys.stdout.write(f"{text}\n" if text else "")
    sys.stdout.flush()
    code: int = report.code_of_all(plans, detailed=asked.detailed)
    return code


def _changed(memo: Memo) -> Changed | None:
    looking: Any = import_module("stagemail.wiring.changed_files")  # who has no other process to look has it to load
    found: Changed | None = looking.changed_files(memo)
    return found


def _memo(start: Path) -> Memo | None:
    try:
        root = root_of(start)
        operator = operator_file(os.environ.get("STAGEMAIL_CONFIG"), root)
    except StagemailError:  # the whole way says it in words
        return None
    if operator is None:
        return None
    memo = load_memo(memo_path(default_folder(), operator.absolute(), root))
    return memo if memo is not None and memo.root == str(root) else None


def understood(arguments: Sequence[str]) -> Asked | None:
    """None where anything is said that is not known here, or where something is missing."""
    stages: list[str] = []
    said: dict[str, Any] = {}
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            stages.append(word)
        elif word == "--detailed-exitcode":
            said["detailed"] = True
        else:
            name, value = _option(word, words)
            if value is None or (name == "--format" and value not in _FORMS):
                return None
            if name == "--stage":
                stages.append(value)
            elif name == "--root":
                said["root"] = Path(value)
            elif name == "--format":
                said["form"] = value
            else:
                return None
    return Asked(tuple(dict.fromkeys(stages)), **said)


def _option(word: str, rest: Iterator[str]) -> tuple[str, str | None]:
    name, is_joined, value = word.partition("=")
    return name, value if is_joined else next(rest, None)
