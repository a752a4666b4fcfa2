"""What the calendar of retired logins says of a stage today.

Not here: the calendar's data (``resources.retirements``), refusing (``planning.retiring``).
"""

from dataclasses import replace
from datetime import date

from stagemail.model import email
from stagemail.model.policy import Policy
from stagemail.model.retirement import Due, due
from stagemail.model.snapshot import Desired
from stagemail.resources.retirements import calendar


def retirement(desired: Desired, policy: Policy, today: date) -> Due | None:
    """What concerns the stage's login; never a refusal where the operator accepts it."""
    if desired.configuration is None or desired.configuration.fields.get(email.AUTH_TYPE) in (None, "none"):
        return None
    found = due(desired.configuration.fields, calendar(), today)
    host = str(desired.configuration.fields.get(email.HOST) or "").lower()
    if found is not None and host in policy.accept_retired:
        return replace(found, retirement=replace(found.retirement, refuses=False))
    return found


def told(desired: Desired, today: date) -> tuple[str, ...]:
    """The same in words, for explain."""
    fields = desired.configuration.fields if desired.configuration is not None else {}
    found = due(fields, calendar(), today) if fields.get(email.AUTH_TYPE) not in (None, "none") else None
    return () if found is None else (f"{found.message}; {found.retirement.next_step} ({found.retirement.source})",)
