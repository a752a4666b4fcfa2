"""``stagemail approve``: a second person agrees to exactly one plan."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.report.plan_text import plan_text
from stagemail.report.sheet import Sheet
from stagemail.wiring.deciding import commits_of, desk
from stagemail.wiring.reasons import judged


@click.command(name="approve")
@click.argument("stage", metavar="STAGE")
@click.option("--plan", "expected", default="", metavar="ID", help="Approve only if the plan is still this one.")
@click.option("--reason", default="", metavar="TEXT", help="Why, or a ticket, in one line; kept in the record.")
@options.revision
@options.root
@click.pass_context
def command(ctx: click.Context, *, stage: str, expected: str, reason: str, revision: str | None, root: Path) -> int:
    """Agree to what the plan of a stage with `approval: manual` would write now; shows it first.

    The approval holds for exactly these changes: another value, or a change on the platform, needs another one. The
    author of a commit that is in it cannot approve; who somebody is, Git's user.email says.

    Example: stagemail approve production --reason CHG-1234
    """
    reason = judged(reason)
    session = RunSession(ctx, root, revision)
    (name,) = session.stages((stage,))
    plan = session.prepare(name).plan
    say(plan_text(plan, width=width(), color=color()))
    ready = session.running.record.standing(name).readiness
    applied = ready[0].revision if ready else ""
    commits = commits_of(session.installation, session.root_of(name), name, applied, plan.revision)
    decision = desk(session.running, session.root).approve(plan, commits, expected, reason)
    sheet = Sheet(width(), color=color())
    sheet.line(f"{name}: plan {decision.plan[:12]} approved by {decision.identity or decision.actor}")
    sheet.line(f"Next: a controller that may apply it does so at its next look; stagemail apply {name} does it now.")
    say(sheet.text())
    return 0
