"""``stagemail secrets rotate-key``: a new key for the fingerprints of secrets. No value is shown or written."""

import secrets
from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.reconcile.rekey import Keeper, rekey
from stagemail.report.rekeyed import rekeyed_json, rekeyed_text
from stagemail.wiring.identity import owner

KEY_BYTES = 32


@click.command(name="rotate-key")
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def rotate_key(ctx: click.Context, *, revision: str | None, root: Path, form: str) -> int:
    """Make a new key for the fingerprints of secrets, and all fingerprints of it from the values in the stores.

    Nothing is written to a platform. A secret that cannot be read is known by its version from then on and counts as
    unverified. Exits with 5 where there is one.

    Example: stagemail secrets rotate-key
    """
    session = RunSession(ctx, root, revision)
    installation, running = session.installation, session.running
    named = (installation.plugin(name) for name in installation.operator.targets)
    scopes = tuple(plugin.scope(settled.settings) for plugin, settled in named)
    keeper = Keeper(running.record, running.credentials, running.clock, owner(), scopes)
    key = secrets.token_bytes(KEY_BYTES)
    every = {stage: found for stage in installation.operator.stages if (found := session.desired_of(stage)) is not None}
    told = rekey(installation.operator.stages, every, key, keeper)
    session.progress.clear()
    say(rekeyed_json(told) if form == "json" else rekeyed_text(told, width=width(), color=color()))
    return exits.PARTLY if any(secret.unknown for secret in told) else exits.DONE
