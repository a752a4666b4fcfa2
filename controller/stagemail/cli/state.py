"""``stagemail state``: the record itself: move it to PostgreSQL, or go on without its key."""

import json
from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.wiring.moving import forget_key, move_to


@click.group(name="state")
def command() -> None:
    """Move the record to PostgreSQL, or go on where its fingerprint key is lost.

    Example: stagemail state move --to "postgresql://stagemail@db.example.com/stagemail?sslmode=verify-full"
    """


@command.command(name="move")
@click.option("--to", "url", required=True, metavar="URL", help="postgresql://USER@HOST/DATABASE, without a password.")
@options.root
@options.formats("text", "json")
@click.pass_context
def move(ctx: click.Context, *, url: str, root: Path, form: str) -> int:
    """Copy the whole record from SQLite into an empty PostgreSQL database, and close the old one.

    Runs, journal, leases and fingerprints stay what they are; it is counted and verified, in one transaction. Nothing
    is written to a platform. Refused while a run is under way. Run it again where it was interrupted.

    Example: stagemail state move --to "postgresql://stagemail@db.example.com/stagemail?sslmode=verify-full"
    """
    session = RunSession(ctx, root)
    moved = move_to(session.running, url)
    session.progress.clear()
    if form == "json":
        told = {"rows": dict(moved.rows), "sealed": moved.audit.sealed, "fault": moved.audit.fault, "state": url}
        say(json.dumps({**told, "finished": moved.was_there}, indent=2, sort_keys=True))
        return 0
    rows, audit = moved.rows, moved.audit
    say(f"{'moved before' if moved.was_there else 'moved'}: {rows['runs']} runs, {rows['applied']} applied resources")
    say(f"journal: {audit.sealed + audit.unsealed} events, {audit.fault or 'none altered, removed or moved'}")
    say(f"The old record is closed. Write into {session.installation.path.name}:\n\n  state: {url}\n")
    say("Then start again what runs long, and see `stagemail doctor`.")
    return 0


@command.command(name="forget-key")
@options.root
@click.pass_context
def forget(ctx: click.Context, *, root: Path) -> int:
    """Begin with the fingerprint key that is here, where the one of a PostgreSQL record is lost on every host.

    Secrets count as unverified then, and none is written until it changes or is pushed.

    Example: stagemail state forget-key
    """
    session = RunSession(ctx, root)
    if forget_key(session.running):
        say("begun with another key: secrets count as unverified; `stagemail secrets push STAGE` sends them")
    else:
        say("the key that is here is the record's own; nothing was changed")
    return 0
