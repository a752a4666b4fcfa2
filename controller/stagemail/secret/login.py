"""The credential of a store's own login: from an environment variable or from a file, as the operator file says.

Not here: logging in (each store's own module).
"""

from collections.abc import Mapping
from pathlib import Path

from stagemail.errors import NotFound, SecretEmpty


def from_variable(environ: Mapping[str, str], name: str, whose: str) -> str:
    """The variable's text without space around it. Raises NotFound."""
    text = environ.get(name, "").strip()
    if not text:
        raise NotFound(
            f"environment variable {name} is not set, and {whose} needs it",
            hint=f"set {name} where stagemail runs, then run again",
        )
    return text


def from_file(path: Path) -> str:
    """The file's text without space around it. Raises NotFound, SecretEmpty."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = None
    if text is None:
        raise NotFound(f"the login file {path} cannot be read", hint="check `login.file` of the store and its mode")
    if not text:
        raise SecretEmpty(f"the login file {path} is empty", hint="write the credential of the login there")
    return text
