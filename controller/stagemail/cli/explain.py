"""``stagemail explain``: of each effective value where it is written and who changed it; from a checkout alone."""

from dataclasses import replace
from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.session import Session
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.model.snapshot import Desired
from stagemail.reconcile.explain import explain
from stagemail.reconcile.retirement import told
from stagemail.report.explain import explain_json, explain_text


@click.command(name="explain")
@click.argument("stage")
@click.argument("app", required=False, default="")
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def command(ctx: click.Context, *, stage: str, app: str, revision: str | None, root: Path, form: str) -> int:
    """Say of each value of a stage, or of an app of it, which file and line it comes from and who last changed it.

    Needs no credential and asks no platform; what runs there is told by `stagemail status`.

    Example: stagemail explain qa CRM
    """
    session = Session(ctx, root, revision)
    session.stages((stage,))
    if session.is_elsewhere(stage):
        source = session.installation.operator.stages[stage].source or "source"
        raise UsageError(
            f"the documents of {stage} are in another repository (`{source}` of the operator file)",
            hint="run it in a checkout of that one, with --config",
        )
    desired = session.loaded.stages.get(stage) or Desired(stage)
    check = session.installation.check(stage)(desired)
    found = explain(session.loaded, stage, app, check, session.source)
    found = replace(found, notes=(*found.notes, *told(desired, session.installation.clock.now().date())))
    say(explain_json([found]) if form == "json" else explain_text([found], width=width(), color=color()))
    return 0
