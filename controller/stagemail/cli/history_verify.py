"""``stagemail history --verify``: the journal's chain, what is listed beside it, and its copy on the branch if any.

Not here: listing runs (``history``).
"""

from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.errors import CorruptRecord, StagemailError
from stagemail.model.standing import Audit
from stagemail.reconcile.comparing_journals import Compared, compared
from stagemail.record.listed import differs
from stagemail.wiring.archives import archive_of


def verified(session: RunSession) -> int:
    """Go through all of it and say what was found. Raises CorruptRecord for the first thing that is wrong."""
    record, operator = session.running.record, session.installation.operator
    audit = record.audit()
    if operator.journal is None:
        _refuse(audit)
        _refuse_list(session)
        copy = (
            ""
            if session.installation.is_on_branch
            else "\nThere is no copy of it on a branch (`journal` in the operator file)."
        )
        say(f"{_sound(audit)}{copy}")
        return 0
    if not audit.fault:
        say(_sound(audit))
    try:
        found = compared(record, archive_of(session.installation, session.running.own_secret))
    except StagemailError:
        _refuse(audit)  # the branch cannot tell more about it now
        raise
    if found.fault:
        chain = f" (in the database: {audit.fault})" if audit.fault else ""
        raise CorruptRecord(f"{found.fault}{chain}", hint=found.hint)
    _refuse(audit)
    _refuse_list(session)
    say(_same(found, operator.journal.branch))
    return 0


def _refuse(audit: Audit) -> None:
    if audit.fault:
        raise CorruptRecord(
            f"the journal is not what was written: {audit.fault}",
            hint="compare it with a backup of the database; the events before that place are as written",
        )


def _refuse_list(session: RunSession) -> None:
    """Runs and decisions are listed from tables of their own; a record on a branch has none."""
    found = "" if session.installation.is_on_branch else differs(session.running.record)
    if found:
        raise CorruptRecord(
            f"what `history` lists was altered: {found}",
            hint="the journal's events are as written: believe them, and compare the list with a backup",
        )


def _sound(audit: Audit) -> str:
    older = f"; {audit.unsealed} older events are not sealed" if audit.unsealed else ""
    return f"{_events(audit.sealed)} in the journal, none altered, removed or moved{older}"


def _same(found: Compared, branch: str) -> str:
    waits = f"; {_events(found.waiting)} newer and not copied yet" if found.waiting else ""
    return f"the branch {branch} has the same {_events(found.same)}{waits}"


def _events(number: int) -> str:
    return f"{number} event{'' if number == 1 else 's'}"
