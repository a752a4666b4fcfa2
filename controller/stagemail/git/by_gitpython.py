"""One git process by GitPython's command layer: everything that writes, or speaks to another repository.

Not here: what only reads this machine's repository (``local``), what protects it (``command``).
"""

import os
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git, importing GitPython would raise: we say it better

from git import Git
from git.exc import GitCommandNotFound

from stagemail.git.local import Answer


def ran(
    command: Sequence[str], at: Path, environment: Mapping[str, str], answer: Answer, *, stdin: bytes, timeout: float
) -> tuple[int, str]:
    """As ``local.ran``; GitPython adds the caller's environment, and ends the processes that git has started, too."""
    end = time.monotonic() + timeout
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        try:
            status, _, errors = Git(at).execute(
                [*_without_leaks(environment), *command],
                istream=cast("BinaryIO", given),
                with_extended_output=True,
                with_exceptions=False,
                output_stream=cast("BinaryIO", answer),
                kill_after_timeout=timeout,
                env=dict(environment),
            )
        except GitCommandNotFound:
            raise FileNotFoundError(command[0]) from None
    if (
        status == -signal.SIGKILL and time.monotonic() >= end
    ):  # GitPython kills first, and may be read before it says so
        return int(status), f"Timeout: the command did not end in {timeout:g} s"
    return int(status), str(errors)


def _without_leaks(environment: Mapping[str, str]) -> list[str]:
    """``env -u …`` for the caller's Git variables (inside a hook, GIT_DIR names another repository).

    GitPython always adds the caller's environment, so they can only be taken out in front of git.
    """
    leaks = sorted(n for n in os.environ if n.startswith("GIT_") and not n.startswith("GIT_PYTHON_"))
    leaks = [name for name in leaks if name not in environment]
    return ["env", *(part for name in leaks for part in ("-u", name))] if leaks else []
