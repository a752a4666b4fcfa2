"""How the demo tells its story: a sentence, the command as an admin types it, and what it printed.

Not here: what the story is (``story``), where it plays (``place``).
"""

import time
from collections.abc import Sequence

import click

from stagemail.errors import NeverAgain

MOST_LINES = 45
"""Lines of a command's output that are shown."""


class DemoFailed(NeverAgain):
    """A step did not do what it says."""


class Teller:
    """Prints the story and counts its time."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._number = 0
        self._start = time.monotonic()

    def step(self, sentence: str) -> None:
        """A new step of the story."""
        self._number += 1
        click.echo("")
        click.secho(f"{self._number}. {sentence}", bold=True)

    def command(self, shown: str) -> None:
        """The command, as one would type it."""
        click.echo("   $ " + click.style(shown, fg="cyan"))

    def output(self, text: str) -> None:
        """What it printed, indented."""
        if self._quiet:
            return
        lines = text.rstrip("\n").splitlines()
        for line in lines[:MOST_LINES]:
            click.echo(f"     {line}".rstrip())
        if len(lines) > MOST_LINES:
            click.echo(f"     … {len(lines) - MOST_LINES} more lines")

    def seen(self, sentence: str) -> None:
        """Something that was checked and is so."""
        click.secho(f"   ✓ {sentence}", fg="green")

    def end(self) -> None:
        """The last words."""
        click.echo("")
        click.secho(
            f"All {self._number} steps did what they say, in {time.monotonic() - self._start:.0f} s.", bold=True
        )


def require(holds: bool, what: str, output: str = "") -> None:
    """Stop the demo unless this is so. Raises DemoFailed."""
    if not holds:
        raise DemoFailed(f"the demo expected that {what}; it printed:\n{output}" if output else f"expected that {what}")


def typed(arguments: Sequence[str]) -> str:
    """A command line as one would type it."""
    return " ".join(
        argument if argument.replace("-", "").replace("_", "").isalnum() else _quoted(argument)
        for argument in arguments
    )


def _quoted(argument: str) -> str:
    plain = all(char.isalnum() or char in "-_./:=@" for char in argument)
    return argument if plain and argument else "'" + argument.replace("'", "'\\''") + "'"
