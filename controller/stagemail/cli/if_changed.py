"""``--if-changed`` of plan and apply: ends at once where nothing is new in Git since the stages' last finished runs.

Only command lines that it understands in full are answered here; every other one takes the ordinary way.
Not here: what "nothing is new" means (``wiring.unchanged``).
"""

from collections.abc import Mapping
from pathlib import Path

import click

from stagemail.cli import options
from stagemail.wiring.unchanged import Basis, finished, place_of


@click.command(add_help_option=False)
@options.stages
@options.revision
@options.root
@click.option("--automatic", is_flag=True)
@click.option("--if-changed", is_flag=True)
@click.option("--detailed-exitcode", is_flag=True)
def _understood(**_given: object) -> None:
    """The options that do not matter where nothing is new."""


def shortcut(config: str | None, arguments: list[str]) -> click.Command | None:
    """A command that says that nothing is new, if that is so; None: run the verb."""
    try:
        given = _understood.make_context("", list(arguments)).params
    except click.ClickException:
        return None
    stages = tuple(dict.fromkeys((*given["stages"], *given["more"])))
    root: Path = given["root"]
    place = place_of(config, root)
    found = finished(place, stages, given["revision"]) if place else None
    return None if found is None else _telling(found)


def _telling(found: Mapping[str, Basis]) -> click.Command:
    def tell() -> int:
        for stage, basis in found.items():
            click.echo(f"{stage}: nothing is new in Git\n  since run {basis.run} at {basis.revision[:12]}")
        click.echo("The platform was not asked; `stagemail drift` looks for changes made there.")
        return 0

    return click.Command("unchanged", callback=tell)
