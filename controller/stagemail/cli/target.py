"""``stagemail target discover``: which of a platform's entries are our fields, and the mapping that says so."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.errors import MappingMismatch
from stagemail.ports import Discovered
from stagemail.report.discovery import discovery_json, discovery_text
from stagemail.wiring.odc import mapping_path


@click.group(name="target")
def command() -> None:
    """Look at a platform: which of its entries are our fields.

    Example: stagemail target discover --write
    """


@command.command(name="discover")
@options.stages
@options.root
@click.option("--write", "writes", is_flag=True, help="Write the mapping file; what an admin edited in it is kept.")
@options.formats("text", "json")
@click.pass_context
def discover(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], root: Path, writes: bool, form: str
) -> int:
    """Read the platform's entries and name those that are email settings. Writes nothing to the platform.

    Exits with 1 where a field has several candidates: edit the mapping, or look again after mending names.

    Example: stagemail target discover qa --write
    """
    session = RunSession(ctx, root)
    installation = session.installation
    by_target: dict[str, list[str]] = {}
    for stage in session.stages(stages, more):
        by_target.setdefault(installation.target_of(stage), []).append(stage)
    found: list[Discovered] = []
    for name, own in sorted(by_target.items()):
        discovery = session.running.discovery(name)
        seen = discovery.discover(own)
        found += seen
        if writes:
            path = mapping_path(installation.plugin(name)[1])
            path.write_text(options.globals_of(ctx).net.scrub(discovery.write_mapping(seen)), encoding="utf-8")
            click.echo(f"wrote {path.name}: review it, commit it", err=True)
    say(discovery_json(found) if form == "json" else discovery_text(found, width=width(), color=color()))
    if any(stage.ambiguous for stage in found):
        raise MappingMismatch("several entries could be one field", hint="choose one in the mapping file")
    return 0
