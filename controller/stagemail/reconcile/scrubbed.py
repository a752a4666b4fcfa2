"""What is recorded or told, with every known credential taken out of its free text: platforms repeat what they get.

Not here: the record (``record``), what is known (``net``).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stagemail.errors import StagemailError
from stagemail.model.run import Outcome
from stagemail.ports import Entry

Scrub = Callable[[str], str]


def scrubbed(entries: Iterable[Entry], scrub: Scrub) -> Iterator[Entry]:
    """The entries; only messages of outcomes are text that did not come from Git."""
    for entry in entries:
        if entry.run is not None and entry.run.outcomes:
            told = tuple(without_secrets(outcome, scrub) for outcome in entry.run.outcomes)
            yield replace(entry, run=replace(entry.run, outcomes=told))
        elif entry.settled is not None:
            intent, outcome = entry.settled
            yield replace(entry, settled=(intent, without_secrets(outcome, scrub)))
        else:
            yield entry


def without_secrets(outcome: Outcome, scrub: Scrub) -> Outcome:
    """The outcome with its message scrubbed."""
    message = scrub(outcome.message)
    return outcome if message == outcome.message else replace(outcome, message=message)


def error_without_secrets(error: StagemailError, scrub: Scrub) -> None:
    """Take known credentials out of an error's words, before they are folded, put in tables or into JSON."""
    error.message, error.hint = scrub(error.message), scrub(error.hint)
    error.args = (error.message,)
