"""``stagemail status``: for each stage what is applied, live, pending and held; ``--wait`` until all are ready."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import complain, say
from stagemail.cli.run_session import RunSession
from stagemail.cli.status_why import code_of, tell_why
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.model.revision import Commit
from stagemail.reconcile.stages import StageResult, each_stage
from stagemail.reconcile.status import observed, recorded
from stagemail.reconcile.watching import watch_of
from stagemail.report.status import StageStatus, status_json, status_text
from stagemail.report.watching import Watch
from stagemail.wiring.changes import behind_of

PAUSE = 5.0
"""Seconds between two looks of --wait."""


@click.command(name="status")
@options.stages
@options.revision
@options.root
@options.no_secrets
@click.option("--record-only", is_flag=True, help="Tell what the record says, without asking the platform.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Look again until all stages are ready, or one is stalled; at most so long.",
)
@click.option("--why", is_flag=True, help="Tell what changed last, what waits, what runs out, and the way back.")
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    stages: tuple[str, ...],
    more: tuple[str, ...],
    revision: str | None,
    root: Path,
    no_secrets: bool,
    record_only: bool,
    wait: float | None,
    why: bool,
    form: str,
) -> int:
    """Tell for each stage what Git wants, what was applied, on how many apps it is live, what is pending or held.

    Exits with 0 where every stage is ready, 3 where changes are to be made, 4 where something is held, 1 where a stage
    or a credential cannot be read.

    Example: stagemail status --wait 600
    """
    session = RunSession(ctx, root, revision, no_secrets=no_secrets)
    selected = session.stages(stages, more)
    if why:
        if record_only or no_secrets or wait is not None:
            raise UsageError("--why looks once, at everything", hint="leave --record-only, --no-secrets and --wait out")
        return code_of(tell_why(session, selected, form))
    clock = session.installation.clock
    start = clock.monotonic()
    while True:
        results = session.each(selected, lambda stage: _status(session, stage, record_only=record_only))
        if wait is None or _is_over(results) or clock.monotonic() - start >= wait:
            break
        clock.sleep(PAUSE)
        session.forget()
    found = tuple(result.value for result in results if result.value is not None)
    if form == "json":
        say(status_json(found, _watches(session, found)))
    elif found:
        say(status_text(found, _watches(session, found), width=width(), color=color()))
    complain(results)
    return exits.combined([_code(result) for result in results])


def _status(session: RunSession, stage: str, *, record_only: bool) -> StageStatus:
    request, world = session.request(stage), session.world(stage)

    def behind(applied: str, wanted: str) -> tuple[Commit, ...] | None:
        return behind_of(session.installation, session.root_of(stage), stage, applied, wanted)

    if record_only or stage in request.loaded.blocked:
        return recorded(request, world, behind)
    return observed(request, session.prepare(stage), world, behind)


def _watches(session: RunSession, found: tuple[StageStatus, ...]) -> tuple[Watch, ...]:
    """How often drift can be watched, of each target that was read just now: its listings are known."""
    read = sorted({status.target for status in found if status.observed_at is not None})
    watches = []
    for target in read:
        stages = session.installation.stages_of(target)
        known = each_stage(stages, session.request)
        requests = [one.value for one in known if one.value is not None]
        watches.append(watch_of(requests, session.world(stages[0])))
    return tuple(watch for watch in watches if watch is not None)


def _is_over(results: tuple[StageResult[StageStatus], ...]) -> bool:
    """Whether all are ready, or one waits for a person at the revision that Git is at."""
    found = [result.value for result in results]
    return any(status is not None and _needs_a_person(status) for status in found) or all(
        status is not None and status.ready for status in found
    )


def _needs_a_person(status: StageStatus) -> bool:
    is_new = status.observed_at is not None or bool(status.problems)
    is_new = is_new or (status.last_run is not None and status.last_run.revision == status.wanted)
    return status.word == "Stalled" and is_new


def _code(result: StageResult[StageStatus]) -> int:
    status = result.value
    if status is None or status.problems or status.lacks_credential:
        return exits.FAILED
    if status.ready:
        return exits.DONE
    return exits.HELD if status.word == "Stalled" or status.held else exits.CHANGES
