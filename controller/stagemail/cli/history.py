"""``stagemail history``: past runs, newest first."""

from pathlib import Path

import click

from stagemail.cli import options
from stagemail.cli.output import say, width
from stagemail.cli.run_session import RunSession
from stagemail.report.history import history_csv, history_json, history_text


@click.command(name="history")
@options.stages
@options.root
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many runs.")
@options.formats("text", "json", "csv")
@click.pass_context
def command(
    ctx: click.Context, *, stages: tuple[str, ...], more: tuple[str, ...], root: Path, limit: int, form: str
) -> int:
    """List past runs: when, who, which commit, and what became of it. Asks no platform.

    Example: stagemail history qa --format csv > audit.csv
    """
    session = RunSession(ctx, root)
    named = (*stages, *more)
    record = session.running.record
    if named:
        runs = [run for stage in session.stages(named) for run in record.runs(stage, limit)]
        runs = sorted(runs, key=lambda run: (run.started, run.id), reverse=True)[:limit]
    else:
        runs = list(record.runs(None, limit))
    render = {"json": history_json, "csv": history_csv}.get(form)
    say(render(runs) if render else history_text(runs, width=width()))
    return 0
