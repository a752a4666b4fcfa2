"""A login that its provider retired is refused where it would be new: an applied one is only warned of.

Pure: whether the day has come is in the situation. Not here: the calendar (``model.retirement``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from stagemail.model.field import Value
from stagemail.model.key import CONFIGURATION
from stagemail.model.plan import Note
from stagemail.model.step import Step
from stagemail.planning.situation import Situation


def _is_new(situation: Situation, login: Mapping[str, Value]) -> bool:
    """Whether this login at this server was never applied here."""
    known = (resource.fields for resource in situation.applied.resources if resource.key.kind == CONFIGURATION)
    return not any({name: it[name].value for name in login if name in it} == login for it in known)


def refused(steps: Iterable[Step], situation: Situation) -> Iterator[Step]:
    """The steps, with the write of a new configuration blocked where its login is retired."""
    due = situation.retirement
    blocked = ""
    if due is not None and due.refuses and _is_new(situation, due.login):
        blocked = f"{due.message}; {due.retirement.next_step}, or accept it with `mail.acceptRetired`"
    for step in steps:
        touches = due is not None and step.key.kind == CONFIGURATION and due.unit in step.unit
        yield replace(step, blocked=blocked) if blocked and touches and not step.blocked else step


def notes(situation: Situation) -> Iterator[Note]:
    """Said by every plan from the announcement on."""
    due = situation.retirement
    if due is not None:
        it = due.retirement
        yield Note("authentication-retires", due.host, f"{due.message}; {it.next_step} ({it.source})")
