"""``stagemail check-sender``: would receivers believe mail of this sender through this relay? Asks DNS only."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.report.sender import sender_json, sender_text


@click.command(name="check-sender")
@options.stages
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], revision: str | None, root: Path, form: str
) -> int:
    """Compare each stage's sender with its relay in DNS: SPF, DKIM, DMARC and alignment, MX, MTA-STS, TLS-RPT, BIMI.

    Reads no credential and asks no platform. What DNS did not answer is `?` (not checked), never a pass. Exits with 1
    where something fails or DNS gave no answer, with 5 where another stage is fine.

    Example: stagemail check-sender production
    """
    session = RunSession(ctx, root, revision)
    results = session.check_senders(session.stages(stages, more))
    say(sender_json(results) if form == "json" else sender_text(results, width=width(), color=color()))
    passed = [result.value is not None and result.value.passed for result in results]
    return exits.combined([exits.DONE if good else exits.FAILED for good in passed])
