"""Reads the operator file: judged as a whole, or what stands in for it where it was judged before.

Loads little itself, because it may be done ahead, beside other work. Not here: judging it (``source.operator_file``),
what it builds (``installation``).
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagemail.errors import InvalidInput
from stagemail.wiring.judged import judged

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from stagemail.resources.operator import Operator

MAX_OPERATOR_FILE = 1024 * 1024
"""Bytes of an operator file that we read."""


def read_operator(path: Path, root: Path) -> "Operator":
    """The operator file, or what stands in for it where it was judged before. Raises InvalidInput."""
    data = _data(path)
    return judged(data, path.name, root, lambda: _loaded(data, path.name))


def load_operator(path: Path) -> "Operator":
    """The operator file, judged now, with its models: for a process that runs long. Raises InvalidInput."""
    return _loaded(_data(path), path.name)


def _data(path: Path) -> bytes:
    if path.stat().st_size > MAX_OPERATOR_FILE:
        raise InvalidInput(f"{path} is too large to be an operator file", hint="`stagemail init` shows how one looks")
    return path.read_bytes()


def _loaded(data: bytes, name: str) -> "Operator":
    """The models are loaded here, because most commands need none."""
    judging: Any = import_module("stagemail.source.operator_file")
    plugins: Any = import_module("stagemail.wiring.plugins")
    operator: Operator = judging.load_operator(data, name, plugins.registries())
    return operator
