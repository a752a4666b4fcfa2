"""``stagemail status --why``: gathers one stage's reasons from Git, record, stores and platform.

Not here: the plain status (``status``), what the reasons are (``reconcile.why``).
"""

from collections.abc import Iterable

from stagemail.cli import exits
from stagemail.cli.output import complain, say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.reconcile.stages import StageResult
from stagemail.reconcile.why import why
from stagemail.report.why import Why, why_json, why_text
from stagemail.resources.references import secret_references
from stagemail.wiring.changes import changes_of


def tell_why(session: RunSession, stages: tuple[str, ...], form: str) -> tuple[StageResult[Why], ...]:
    """Print the reasons of every stage; gives what was found."""
    results = session.each(stages, lambda stage: _why(session, stage))
    found = tuple(result.value for result in results if result.value is not None)
    say(why_json(found) if form == "json" else why_text(found, width=width(), color=color()))
    complain(results)
    return results


def code_of(results: Iterable[StageResult[Why]]) -> int:
    """0 ready, 3 changes to make, 4 held, 1 where something could not be read: the same as without --why."""
    return exits.combined([_code(result.value) for result in results])


def _why(session: RunSession, stage: str) -> Why:
    installation, request = session.installation, session.request(stage)
    changes = changes_of(installation, session.root_of(stage), stage, request.loaded.revision.id)
    return why(request, session.world(stage), changes, _own(session, stage))


def _own(session: RunSession, stage: str) -> dict[str, str]:
    """The expiry dates that the operator file writes beside the stage's target's credentials."""
    operator = session.installation.operator
    name = session.installation.target_of(stage)
    return {
        f"{pointer[-1]} of target {name}": reference.secret_ref.expires or ""
        for pointer, reference in secret_references(operator)
        if pointer[:2] == ("targets", name)
    }


def _code(found: Why | None) -> int:
    """A credential that only what a guard holds would need is told, and is no failure: an apply would not miss it."""
    if found is None or found.status.observed_at is None or found.status.problems or found.status.lacks_credential:
        return exits.FAILED
    if found.status.ready:
        return exits.DONE
    return exits.HELD if found.status.word == "Stalled" else exits.CHANGES
