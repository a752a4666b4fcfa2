"""How verbs speak: reports, errors of stages, a progress line that appears after a second. Not here: the terminal."""

import os
import stat
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from stagemail.cli.options import globals_of
from stagemail.cli.terminal import width
from stagemail.errors import StagemailError
from stagemail.model.scrub_json import scrub_text
from stagemail.reconcile.stages import StageResult


def say(text: str) -> None:
    """Print a report; one without a word is left out."""
    if text.strip():
        click.echo(text.rstrip("\n"))


def save(ctx: click.Context, path: Path, text: str) -> None:
    """Write a file that only its owner may read, without any known credential. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            os.fchmod(file.fileno(), 0o600)  # one that is there already would keep its mode
        file.write(scrub_text(text, globals_of(ctx).net.scrub))


def complain(results: Iterable[StageResult[Any]]) -> None:
    """Print what stopped stages, each with its next step; what stopped several in the same way is said once."""
    said: dict[str, list[str]] = {}
    for result in results:
        if result.error is not None:
            said.setdefault(error_text(result.error, result.stage), []).append(result.stage)
    for text, stages in said.items():
        click.echo(folded(f"{', '.join(stages)}: {text}"), err=True)


def error_text(error: StagemailError, stage: str) -> str:
    """The error's sentence; the stage is not said twice."""
    return str(error).removeprefix("stage ").removeprefix(f"{stage}: ")


def folded(text: str) -> str:
    """A message in lines of the terminal's width; what cannot be broken, such as a path, stays whole."""
    indents = [(line, "  " if line.startswith(" ") else "") for line in text.splitlines()]
    return "\n".join(
        textwrap.fill(
            line.strip(),
            width(),
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line, indent in indents
    )


class ProgressLine:
    """A line on the terminal's error stream that tells what is being done, from its second second on."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._start = time.monotonic()
        self._length = 0

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show it; nothing where the error stream is no terminal."""
        if not self._shown or time.monotonic() - self._start < 1:
            return
        text = f"{what} {_bar(done, of)}" if of > 1 else what
        click.echo("\r" + text.ljust(self._length), nl=False, err=True)
        self._length = len(text)

    def clear(self) -> None:
        """Take the line away before a report is printed."""
        if self._length:
            click.echo("\r" + " " * self._length + "\r", nl=False, err=True)
            self._length = 0


def _bar(done: int, of: int) -> str:
    filled = 20 * done // of
    return f"[{'=' * filled}{' ' * (20 - filled)}] {done}/{of}"
