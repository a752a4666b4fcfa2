"""What every command that writes to a platform does around it: no uncommitted changes, and the runs' report.

Not here: the writing (``reconcile.once``).
"""

from stagemail.cli.output import complain, say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.model.run import Run
from stagemail.reconcile.stages import StageResult
from stagemail.report.runs import run_text
from stagemail.report.runs_json import runs_json
from stagemail.source.working_tree import NOT_IN_GIT
from stagemail.wiring.opening import uncommitted


def refuse_dirty(session: RunSession) -> None:
    """What is applied is what Git has: an uncommitted change could never be found again. Raises UsageError.

    The operator file and its mapping count, too: they say where it is applied, and with which credentials.
    """
    revision = session.source.revision()
    if revision.id == NOT_IN_GIT and not revision.dirty:
        raise UsageError(
            f"{session.root} is not in a Git repository",
            hint="`git init` and commit first (Git history is the audit trail); or apply with --allow-dirty",
        )
    dirty = sorted({*uncommitted(session.installation), *(revision.dirty if session.revision is None else ())})
    if dirty:
        raise UsageError(
            f"not committed: {', '.join(dirty)}",
            hint="commit first (Git history is the audit trail); `apply --allow-dirty` applies it all the same",
        )


def tell_runs(results: tuple[StageResult[Run], ...], form: str) -> None:
    """Print what became of every stage."""
    runs = tuple(result.value for result in results if result.value is not None)
    errors = {result.stage: result.error for result in results if result.error is not None}
    if form == "json":
        say(runs_json(runs, errors))
        return
    if runs:
        say(run_text(runs, width=width(), color=color()))
    complain(results)
