"""``stagemail apply``: do what plan shows, read it back, make it live, record it."""

from dataclasses import replace
from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.applying import refuse_dirty, tell_runs
from stagemail.cli.run_session import RunSession
from stagemail.errors import InvalidInput, UsageError
from stagemail.model.plan import Plan
from stagemail.model.run import Run
from stagemail.reconcile.once import once
from stagemail.report.plan_json import plans_from_json
from stagemail.wiring.noting import note

MAX_PLAN = 64 * 1024 * 1024
"""Bytes of a saved plan that we read."""


@click.command(name="apply")
@options.stages
@click.option("--app", "apps", multiple=True, metavar="APP", help="Only this app's steps; may be given again.")
@options.revision
@options.root
@click.option("--automatic", is_flag=True, help="As the controller and CI do: honour `sync`, heal only as it says.")
@click.option(
    "--wait",
    "patience",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait for another run to end.",
)
@click.option("--allow-dirty", is_flag=True, help="Apply a working tree with uncommitted changes.")
@options.if_changed
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    stages: tuple[str, ...],
    more: tuple[str, ...],
    apps: tuple[str, ...],
    revision: str | None,
    root: Path,
    automatic: bool,
    patience: float,
    allow_dirty: bool,
    form: str,
) -> int:
    """Apply stages, or a saved plan: `stagemail apply qa` or `stagemail apply qa-plan.json`.

    Does what plan shows: narrows recipients first, writes the stage, reads back, makes live, widens last. What a
    guard holds stays as it is (exit code 4). A saved plan is applied only while Git and platform are as it says.

    Example: stagemail apply qa
    """
    session = RunSession(ctx, root, revision, automatic, apps, patience)
    saved = _saved(stages)
    if saved and (apps or more):
        raise UsageError("a saved plan says by itself what is done", hint="leave --app and --stage out")
    selected = session.stages(tuple(saved)) if saved else session.stages(stages, more)
    if not allow_dirty and not all(map(session.is_elsewhere, selected)):
        refuse_dirty(session)

    def work(stage: str) -> Run:
        request = replace(session.request(stage), contents=session.contents_of(stage))
        return once(request, session.world(stage), saved.get(stage))

    results = session.each(selected, work)
    tell_runs(results, form)
    if not (apps or saved or allow_dirty):
        runs = tuple(result.value for result in results if result.value is not None)
        note(session.installation, options.globals_of(ctx).config, session.root, runs)
    return exits.of_runs(results)


def _saved(arguments: tuple[str, ...]) -> dict[str, Plan]:
    """The plans of a saved file, by stage; empty where stages were named."""
    files = [Path(argument) for argument in arguments if argument.endswith(".json")]
    if not files:
        return {}
    if len(arguments) > 1:
        raise UsageError("a saved plan is applied by itself", hint="name one file, or stages")
    try:
        if files[0].stat().st_size > MAX_PLAN:
            raise InvalidInput(
                f"{files[0]} is too large to be a plan", hint="make it again with `stagemail plan --out`"
            )
        text = files[0].read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{files[0]} cannot be read: {error}", hint="`stagemail plan --out FILE` saves a plan"
        ) from None
    return {plan.stage: plan for plan in plans_from_json(text)}
