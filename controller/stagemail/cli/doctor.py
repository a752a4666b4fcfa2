"""``stagemail doctor``: whether everything that a run needs is in order, each with its remedy."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.report.findings import findings_json, findings_text
from stagemail.wiring.doctor import examine


@click.command(name="doctor")
@options.stages
@options.root
@options.formats("text", "json")
@click.pass_context
def command(ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], root: Path, form: str) -> int:
    """Check git, state, documents, secrets, clock, and per stage target, permissions and mapping. Changes nothing.

    Exits with 1 where a check fails.

    Example: stagemail doctor qa
    """
    session = RunSession(ctx, root)
    selected = session.stages(stages, more)
    is_here = not all(session.is_elsewhere(stage) for stage in selected)
    findings = examine(session.running, session.source if is_here else None, session.loaded_of, selected)
    session.progress.clear()
    say(findings_json(findings) if form == "json" else findings_text(findings, width=width(), color=color()))
    return 1 if any(finding.level == "fail" for finding in findings) else 0
