"""Runs one git command: fixed arguments, an environment of its own, bounded output, a time limit.

Nothing that a repository or the caller's environment says may start a program: no hooks, filters, pagers, monitors,
signers, transports beyond the allowed ones. Not here: what commands mean (``objects`` …), errors (``failure``).
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import NotFound, UserMustFix
from stagemail.git import local
from stagemail.git.failure import failure

TIMEOUT = 60.0
"""Seconds that a command may take on local data."""
MAX_OUTPUT = 64 * 1024 * 1024
"""Bytes that a command may answer, unless the caller knows better."""
READING: Final = frozenset(
    ("blame", "cat-file", "config", "diff-tree", "log", "ls-files", "ls-tree", "merge-base", "rev-parse", "status",
     "version")
)  # fmt: skip
"""Commands that, as we ask them, only read the repository on this machine. Whatever else there is goes by GitPython."""
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")
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
_CAPABLE: Final[set[str]] = set()
"""Programs that showed that they take configuration from GIT_CONFIG_COUNT."""


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
        self,
        *arguments: str,
        stdin: bytes = b"",
        timeout: float = TIMEOUT,
        limit: int = MAX_OUTPUT,
        is_trial: bool = False,
    ) -> tuple[int, bytes, str]:
        """Run ``git …`` and give status, answer and errors. Raises UserMustFix for too long an answer.

        ``is_trial``: it may be a git that is too old, which the caller finds out, and starts no program.
        """
        if not is_trial and _program() not in _CAPABLE:
            check_version()
        if not self.at.is_dir():
            raise NotFound(f"{self.at} is not a folder.", hint="Name a folder inside a clone.")
        answer = local.Answer(limit)
        try:
            if arguments[0] in READING and not self.environment:  # with one of its own it may start gpg, or use a key
                with self._reading(arguments, answer, stdin, timeout) as ended:
                    status, errors = ended()
            else:
                from stagemail.git import by_gitpython  # noqa: PLC0415 - loading GitPython takes longer than reading

                environment = self._protection()
                status, errors = by_gitpython.ran(
                    _command(arguments), self.at, environment, answer, stdin=stdin, timeout=timeout
                )
        except FileNotFoundError:
            raise no_git() from None
        return status, self._whole(arguments, answer), errors

    @contextmanager
    def meanwhile(self, *arguments: str) -> Iterator[Callable[[], tuple[int, bytes]]]:
        """Begin a command that only reads, on trial; what is given waits for status and answer. It ends here."""
        answer = local.Answer(MAX_OUTPUT)
        with ExitStack() as stack:
            try:
                ended = stack.enter_context(self._reading(arguments, answer, b"", TIMEOUT))
            except FileNotFoundError:
                raise no_git() from None
            yield lambda: (ended()[0], self._whole(arguments, answer))

    def _reading(
        self, arguments: Sequence[str], answer: local.Answer, stdin: bytes, timeout: float
    ) -> AbstractContextManager[Callable[[], tuple[int, str]]]:
        environment = {**_callers(), **self._protection()}
        return local.running(_command(arguments), self.at, environment, answer, stdin=stdin, timeout=timeout)

    def _protection(self) -> dict[str, str]:
        return {**_ENVIRONMENT, **self.environment, **_as_environment((*_CONFIG, *self.config))}

    def _whole(self, arguments: Sequence[str], answer: local.Answer) -> bytes:
        if answer.overflow:
            raise UserMustFix(
                f"git {arguments[0]} answered more than {answer.limit:,} bytes in {self.at}.",
                hint="Name narrower folders.",
            )
        return bytes(answer.data)


def _command(arguments: Sequence[str]) -> list[str]:
    return [_program(), "--no-pager", *arguments]


def _callers() -> dict[str, str]:
    """The caller's environment without its Git variables: inside a hook, GIT_DIR names another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _program() -> str:
    """git, or the one that GitPython's own variable names."""
    return os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git"


def _as_environment(config: Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = tuple(config)
    environment = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (name, value) in enumerate(pairs):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def note_capable() -> None:
    """This git took a value from GIT_CONFIG_COUNT: its version need not be asked for any more."""
    _CAPABLE.add(_program())


@lru_cache(maxsize=1)
def check_version() -> None:
    """Raise NotFound where git is missing, UserMustFix where it is too old to be safe."""
    answer = local.Answer(1000)
    try:
        local.ran([_program(), "version"], Path("/"), _callers(), answer, stdin=b"", timeout=TIMEOUT)
    except FileNotFoundError:
        raise no_git() from None
    numbers = _VERSION.search(answer.data.decode("ascii", "replace"))
    version = tuple(int(part) for part in numbers[0].split(".")) if numbers else ()
    if version < _OLDEST:
        raise UserMustFix(
            f"git {'.'.join(map(str, version)) or '(version unknown)'} is too old.",
            hint=f"Install git {_OLDEST[0]}.{_OLDEST[1]} or newer.",
        )


def no_git() -> NotFound:
    """The error for a machine without git."""
    return NotFound("git is not installed.", hint="Install it (apt install git) or put it on PATH.")
