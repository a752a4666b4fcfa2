"""``stagemail preflight``: does this server take these credentials over TLS, and this sender? Sends nothing."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.model.message import bare_addresses
from stagemail.model.probe import Extent, Mechanism
from stagemail.report.preflight import preflight_json, preflight_text

_UNTIL = click.Choice(["auth", "sender"])
_MECHANISM = click.Choice(["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"], case_sensitive=False)


@click.command(name="preflight")
@options.stages
@click.option("--to", "recipients", multiple=True, metavar="ADDRESS", help="Also ask whether this recipient is taken.")
@click.option("--until", type=_UNTIL, default="sender", show_default=True, help="Stop after the login, or the sender.")
@click.option("--mechanism", type=_MECHANISM, help="Try only this login.")
@click.option("--ipv4", "family", flag_value=4, type=int, help="Only IPv4 addresses.")
@click.option("--ipv6", "family", flag_value=6, type=int, help="Only IPv6 addresses.")
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    stages: tuple[str, ...],
    more: tuple[str, ...],
    recipients: tuple[str, ...],
    until: str,
    mechanism: Mechanism | None,
    family: int | None,
    revision: str | None,
    root: Path,
    form: str,
) -> int:
    """Speak with each stage's mail server, with the stage's own settings, up to where a message would be sent.

    Exits with 1 where a stage fails, with 5 where another one passes. It is seen from this machine, not from the
    platform.

    Example: stagemail preflight qa
    """
    if until == "auth" and recipients:
        raise UsageError("--to comes after the login", hint="leave out `--until auth`")
    extent = Extent(
        until="auth" if until == "auth" else "sender",
        recipients=bare_addresses(recipients),
        mechanism=mechanism,
        family=4 if family == 4 else 6 if family == 6 else 0,
    )
    session = RunSession(ctx, root, revision)
    chosen = session.stages(stages, more)
    results = session.preflights(chosen if stages or more else session.with_server(chosen), extent)
    say(preflight_json(results) if form == "json" else preflight_text(results, width=width(), color=color()))
    passed = [result.value is not None and result.value.passed for result in results]
    return exits.combined([exits.DONE if good else exits.FAILED for good in passed])
