"""Runs one git command: fixed arguments, an environment of its own, bounded output, a time limit.

Nothing that a repository or the caller's environment says may start a program: no hooks, filters, pagers, monitors,
signers, transports beyond the allowed ones. Not here: what commands mean (``objects`` …), errors (``failure``).
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git, importing GitPython would raise: we say it better

from git import Git
from git.exc import GitCommandNotFound

from stagemail.errors import NotFound, UserMustFix
from stagemail.git.failure import failure

TIMEOUT = 60.0
"""Seconds that a command may take on local data."""
MAX_OUTPUT = 64 * 1024 * 1024
"""Bytes that a command may answer, unless the caller knows better."""
_OLDEST = (2, 31)
"""The first git that takes configuration from GIT_CONFIG_COUNT, on which our safety rests."""

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}
_CONFIG = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
    ("core.pager", "cat"),
    ("core.alternateRefsCommand", "true"),
    ("protocol.ext.allow", "never"),
    ("log.showSignature", "false"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("blame.ignoreRevsFile", ""),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("credential.helper", ""),
)


@dataclass(frozen=True, slots=True)
class Command:
    """How to run git at one place. ``config`` and ``environment`` are added to our own and may hold credentials."""

    at: Path
    config: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def run(
        self, *arguments: str, stdin: bytes = b"", timeout: float = TIMEOUT, limit: int = MAX_OUTPUT, what: str = ""
    ) -> bytes:
        """Run ``git …`` and give its answer. ``what`` says what was wanted. Raises StagemailError."""
        status, output, errors = self.attempt(*arguments, stdin=stdin, timeout=timeout, limit=limit)
        if status != 0:
            raise failure(f"git {arguments[0]}", status, errors, at=self.at, timeout=timeout, what=what)
        return output

    def attempt(
        self, *arguments: str, stdin: bytes = b"", timeout: float = TIMEOUT, limit: int = MAX_OUTPUT
    ) -> tuple[int, bytes, str]:
        """Run ``git …`` and give status, answer and errors. Raises UserMustFix for too long an answer."""
        check_version()
        if not self.at.is_dir():
            raise NotFound(f"{self.at} is not a folder.", hint="Name a folder inside a clone.")
        answer = _Answer(limit)
        environment = {**_ENVIRONMENT, **self.environment, **_as_environment((*_CONFIG, *self.config))}
        program = str(Git.GIT_PYTHON_GIT_EXECUTABLE or "git")
        command = [*_without_leaks(environment), program, "--no-pager", *arguments]
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            try:
                status, _, errors = Git(self.at).execute(
                    command,
                    istream=cast("BinaryIO", given),
                    with_extended_output=True,
                    with_exceptions=False,
                    output_stream=cast("BinaryIO", answer),
                    kill_after_timeout=timeout,
                    env=environment,
                )
            except GitCommandNotFound:
                raise no_git() from None
        if answer.overflow:
            raise UserMustFix(
                f"git {arguments[0]} answered more than {limit:,} bytes in {self.at}.", hint="Name narrower folders."
            )
        return int(status), bytes(answer.data), str(errors)


class _Answer:
    """Keeps at most ``limit`` bytes and swallows the rest, so that git can end."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.overflow = False
        self._limit = limit

    def write(self, chunk: bytes) -> int:
        if len(self.data) + len(chunk) > self._limit:
            self.overflow = True
            self.data.clear()
            self._limit = 0
        else:
            self.data += chunk
        return len(chunk)


def _as_environment(config: Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = tuple(config)
    environment = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (name, value) in enumerate(pairs):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _without_leaks(environment: Mapping[str, str]) -> list[str]:
    """``env -u …`` for the caller's Git variables (inside a hook, GIT_DIR names another repository).

    GitPython always adds the caller's environment, so they can only be taken out in front of git.
    """
    leaks = sorted(n for n in os.environ if n.startswith("GIT_") and not n.startswith("GIT_PYTHON_"))
    leaks = [name for name in leaks if name not in environment]
    return ["env", *(part for name in leaks for part in ("-u", name))] if leaks else []


@lru_cache(maxsize=1)
def check_version() -> None:
    """Raise NotFound where git is missing, UserMustFix where it is too old to be safe."""
    try:
        version = Git().version_info
    except GitCommandNotFound:
        raise no_git() from None
    if version < _OLDEST:
        raise UserMustFix(
            f"git {'.'.join(map(str, version))} is too old.", hint=f"Install git {_OLDEST[0]}.{_OLDEST[1]} or newer."
        )


def no_git() -> NotFound:
    """The error for a machine without git."""
    return NotFound("git is not installed.", hint="Install it (apt install git) or put it on PATH.")
