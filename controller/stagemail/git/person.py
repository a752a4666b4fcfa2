"""Who the user is to Git: ``Name <address>`` as commits of theirs would say.

Not here: other people's commits (``history``). Source: git-var(1).
"""

import subprocess
from pathlib import Path

from stagemail.git.repository import Repository


def whoami(repository: Repository | None) -> str:
    """The identity, "" where Git was told none. The user's own configuration counts here, and here only.

    What Git would guess from login and host name is no identity: one person has another one on each machine.
    """
    where = repository.top or repository.folder if repository else Path.cwd()
    try:
        done = subprocess.run(
            ["git", "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"],
            cwd=where, capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found, bracket, _ = done.stdout.partition(">")
    return "".join(c for c in found + bracket if c.isprintable())
