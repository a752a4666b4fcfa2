"""What happens in the controller, a line each, as a log for people. Nothing new is no line.

Not here: structured logs, metrics.
"""

from collections import Counter

from stagemail.model.happening import Archived, Finished, Happening, Led, Looked, Reloaded, Troubled
from stagemail.model.run import Run
from stagemail.report.escape import visible
from stagemail.report.runs import STATUS, WORDS, live_text
from stagemail.report.summary import short

LEADS = "this controller leads: it looks at the sources and says what is to be done"
STANDS_BY = "another controller leads; this one takes over where that is gone for 16 s"


def happening_text(happening: Happening) -> str:
    """One line, "" where there is nothing to say."""
    text = _text(happening)
    return f"{happening.at:%Y-%m-%dT%H:%M:%SZ} {visible(text)}" if text else ""


def _text(happening: Happening) -> str:
    if isinstance(happening, Looked):
        return _looked(happening)
    if isinstance(happening, Finished):
        return _finished(happening)
    if isinstance(happening, Reloaded):
        return f"operator file: {happening.error}" if happening.error else "operator file changed: in force now"
    if isinstance(happening, Archived):
        return _archived(happening)
    if isinstance(happening, Led):
        return STANDS_BY if happening.is_over else LEADS
    return f"{happening.where}: {happening.message}" if isinstance(happening, Troubled) else ""


def _looked(seen: Looked) -> str:
    """A look that found what the last one found is worth no line, also where the branch is held."""
    if seen.revision and not seen.is_new:
        return ""
    if seen.error:
        return f"{seen.source}: {seen.error}"
    concerned = ", ".join(seen.concerned) or "no stage"
    return f"{seen.source} is at {short(seen.revision)}; to look at: {concerned}"


def _archived(copied: Archived) -> str:
    """A copy that went well is worth no line: it comes after each line of a pass."""
    if not copied.error:
        return ""
    if not copied.waiting:
        return f"the journal's branch {copied.branch}: {copied.error}"
    waiting = f"{copied.waiting} event{'' if copied.waiting == 1 else 's'} of the journal"
    return f"{waiting} not on the branch {copied.branch} yet: {copied.error}"


def _finished(done: Finished) -> str:
    head = f"{done.stage} at {short(done.revision)}: " if done.revision else f"{done.stage}: "
    if done.error:
        return head + done.error
    changed = [
        f"{c.type} {c.status}" + (f" ({c.reason})" if c.reason else "") + (f": {c.message}" if c.message else "")
        for c in done.changed
    ]
    run = done.run
    worth = run is not None and (run.outcomes or run.status != "done")
    said = [_run(run)] if run is not None and (worth or changed) else []
    return head + "; ".join([*said, *changed]) if said or changed else ""


def _run(run: Run) -> str:
    counts = Counter(outcome.status for outcome in run.outcomes)
    parts = [f"{counts[status]} {word}" for status, word in WORDS.items() if counts[status]]
    return "; ".join(part for part in (STATUS[run.status], ", ".join(parts), live_text(run)) if part)
