"""``stagemail plan``: what would be changed, why, and what is held. Writes nothing to a platform."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import complain, save, say
from stagemail.cli.plan_report import code_of, late, render
from stagemail.cli.run_session import RunSession
from stagemail.errors import InvalidInput, UsageError
from stagemail.model.plan import Plan
from stagemail.model.probe import Extent


@click.command(name="plan")
@options.stages
@click.option("--app", "apps", multiple=True, metavar="APP", help="Only this app's steps; may be given again.")
@options.revision
@options.root
@click.option("--automatic", is_flag=True, help="Plan as the controller and CI would: honour `sync`.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@options.no_secrets
@click.option(
    "--against",
    metavar="REV",
    help="Ask nobody, neither a platform nor a store: what would change if all were as this commit says.",
)
@click.option("--preflight", is_flag=True, help="Also try each stage's mail server; nothing is sent.")
@click.option("--check-sender", is_flag=True, help="Also ask DNS whether each stage's mail would be believed.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where there are changes to make.")
@options.if_changed
@options.formats("text", "json", "markdown")
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
    out: Path | None,
    no_secrets: bool,
    against: str | None,
    preflight: bool,
    check_sender: bool,
    detailed_exitcode: bool,
    form: str,
) -> int:
    """Show what would be changed on the platform, in which order, why, and what a guard holds.

    Exits with 1 where a credential cannot be read or is not granted, with 4 where something is held and, with
    --detailed-exitcode, with 3 where there are changes to make.

    Example: stagemail plan qa --out qa-plan.json
    """
    if out is not None and apps:
        raise UsageError("a saved plan is of whole stages", hint="leave --app out; `apply --app` limits what is done")
    if no_secrets and (out is not None or preflight):
        raise UsageError("without secrets nothing can be applied or tried", hint="leave --out and --preflight out")
    if against is not None and (out is not None or preflight or automatic):
        raise UsageError(
            "what nobody was asked for is no plan that could be applied or tried",
            hint="leave --out, --preflight and --automatic out beside --against",
        )
    session = RunSession(ctx, root, revision, automatic, apps, no_secrets=no_secrets or against is not None)
    selected = session.stages(stages, more)
    is_whole = not (apps or revision or automatic or no_secrets or against)
    was = session.before(selected) if is_whole else None
    results = session.each(selected, session.prepare if against is None else session.as_if(against))
    found = tuple(result.value for result in results if result.value is not None)
    if was is not None:
        session.remember(was, found)
    plans = tuple(prepared.plan for prepared in found)
    errors = {result.stage: result.error for result in results if result.error is not None}
    if out is not None:
        _save(ctx, out, late("report.plan_json").plans_json(plans, errors))
    shown = _tried(session, plans) if preflight else plans
    say(render(_doubted(session, shown) if check_sender else shown, errors, form))
    if form != "json":
        complain(results)
    looks = against is not None or not no_secrets  # whoever reads no secret on purpose does not fail for that
    codes = [code_of(p.plan, fails=bool(p.unread) and looks, detailed=detailed_exitcode) for p in found]
    codes += [exits.FAILED for _ in errors]
    return exits.combined(codes)


def _save(ctx: click.Context, out: Path, text: str) -> None:
    """Save it for ``apply``. Raises InvalidInput where it could not be read back without what must not be in it."""
    try:
        late("report.plan_json").plans_from_json(options.globals_of(ctx).net.scrub(text))
    except InvalidInput:
        pass
    else:
        save(ctx, out, text)
        return
    raise InvalidInput(
        "the plan was not saved: the value of a credential stands in it, and it cannot be applied without",
        hint="is a password an ordinary word? Rotate it to a long random value; or apply without a file",
    )


def _tried(session: RunSession, plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
    found = session.preflights(session.with_server([plan.stage for plan in plans]), Extent())
    by_stage = {result.stage: result for result in found}
    noted = late("reconcile.preflight").noted
    return tuple(noted(plan, by_stage[plan.stage]) if plan.stage in by_stage else plan for plan in plans)


def _doubted(session: RunSession, plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
    found = session.check_senders([plan.stage for plan in plans])
    noted = late("reconcile.check_sender").noted
    return tuple(noted(plan, result) for plan, result in zip(plans, found, strict=True))
