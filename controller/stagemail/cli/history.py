"""``stagemail history``: past runs and decisions, newest first."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.history_verify import verified
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import width
from stagemail.model.origin import Site
from stagemail.report.history import Known, history_csv, history_json, history_text
from stagemail.wiring.archives import newest, on_branch
from stagemail.wiring.running import Running
from stagemail.wiring.sources import origins_of


@click.command(name="history")
@options.stages
@options.root
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many runs and decisions."
)
@click.option("--verify", is_flag=True, help="Go through the whole journal, and compare it with its copy on a branch.")
@click.option("--from-branch", is_flag=True, help="Read the journal's copy on the branch; needs no database.")
@options.formats("text", "json", "csv")
@click.pass_context
def command(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], root: Path, limit: int, verify: bool,
    from_branch: bool, form: str,
) -> int:  # fmt: skip
    """List past runs: when, who, which commit, who committed and merged it, what was written where, since when live.

    And what people decided: who suspended, resumed or approved what, until when and why.

    Asks no platform and no remote: who merged is told where a checkout or the controller's mirror has the commit.

    Example: stagemail history qa --format csv > audit.csv
    """
    session = RunSession(ctx, root)
    if verify:
        return verified(session)
    named = session.stages((*stages, *more)) if stages or more else ()
    if from_branch:
        keys = Running(session.installation, options.globals_of(ctx).net)
        noted = newest(on_branch(session.installation, keys.own_secret), named, limit)
    else:
        noted = newest(session.running.record, named, limit)
    stages_now = session.installation.operator.stages
    sites = {name: Site(session.installation.target_of(name), stage.environment) for name, stage in stages_now.items()}
    known = Known(
        origins_of(session.installation, session.root, [one.revision for one in noted if one.revision]), sites
    )
    render = {"json": history_json, "csv": history_csv}.get(form)
    say(render(noted, known) if render else history_text(noted, known, width=width()))
    if not noted and not render and session.installation.operator.journal is not None and not from_branch:
        say("its copy on a branch may tell of some: stagemail history --from-branch")
    return 0
