"""Tells what stopped a command: every problem with its line, the sentence, the next step; as JSON where asked for.

Not here: the exit code (``main``).
"""

import click

from stagemail.cli.output import folded, say
from stagemail.cli.terminal import color, width
from stagemail.errors import InvalidInput, StagemailError
from stagemail.reconcile.scrubbed import Scrub, error_without_secrets
from stagemail.report.failure import failure_of, failures_json
from stagemail.report.problems import problems_text


def tell(error: StagemailError, scrub: Scrub, *, as_json: bool) -> None:
    """Print it, without any known credential: text on the error stream, JSON on the output."""
    error_without_secrets(error, scrub)
    problems = error.problems if isinstance(error, InvalidInput) else ()
    if as_json:
        say(failures_json([failure_of(error)], problems))
    if problems:
        click.echo(problems_text(problems, width=width(), color=color()).rstrip("\n"), err=True)
    click.echo(folded(f"stagemail: {error}"), err=True)
