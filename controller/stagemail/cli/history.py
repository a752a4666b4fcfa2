"""``stagemail history``: past runs, newest first."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say, width
from stagemail.cli.run_session import RunSession
from stagemail.errors import CorruptRecord
from stagemail.model.origin import Site
from stagemail.model.standing import Audit
from stagemail.report.history import Known, history_csv, history_json, history_text
from stagemail.wiring.sources import origins_of


@click.command(name="history")
@options.stages
@options.root
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many runs.")
@click.option("--verify", is_flag=True, help="Go through the whole journal: was anything altered, removed, moved?")
@options.formats("text", "json", "csv")
@click.pass_context
def command(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], root: Path, limit: int, verify: bool,
    form: str,
) -> int:  # fmt: skip
    """List past runs: when, who, which commit, who committed and merged it, what was written where, since when live.

    Asks no platform and no remote: who merged is told where a checkout or the controller's mirror has the commit.

    Example: stagemail history qa --format csv > audit.csv
    """
    session = RunSession(ctx, root)
    if verify:
        return _verified(session.running.record.audit())
    named = (*stages, *more)
    record = session.running.record
    if named:
        runs = [run for stage in session.stages(named) for run in record.runs(stage, limit)]
        runs = sorted(runs, key=lambda run: (run.started, run.id), reverse=True)[:limit]
    else:
        runs = list(record.runs(None, limit))
    stages_now = session.installation.operator.stages
    sites = {name: Site(session.installation.target_of(name), stage.environment) for name, stage in stages_now.items()}
    known = Known(origins_of(session.installation, session.root, [run.revision for run in runs]), sites)
    render = {"json": history_json, "csv": history_csv}.get(form)
    say(render(runs, known) if render else history_text(runs, known, width=width()))
    return 0


def _verified(audit: Audit) -> int:
    """What the journal's chain says; 1 where something is wrong."""
    if audit.fault:
        raise CorruptRecord(
            f"the journal is not what was written: {audit.fault}",
            hint="compare it with a backup of the database; the events before that place are as written",
        )
    older = f"; {audit.unsealed} older events are not sealed" if audit.unsealed else ""
    say(f"{audit.sealed} event{'' if audit.sealed == 1 else 's'} in the journal, none altered, removed or moved{older}")
    return 0
