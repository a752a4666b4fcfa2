"""Field values in words: what is there, what will be, and why; secrets only by reference and version.

Not here: escaping for a terminal or a format, which the renderer does with every text.
"""

from stagemail.model.field import Value
from stagemail.model.secret import MASK, Masked, SecretRef, SecretState
from stagemail.model.step import Change

UNSET = "(not set)"
EMPTY = "(empty)"

CASES: dict[str, str] = {
    "create": "not set on the platform yet",
    "takeover": "set by somebody outside Git",
    "changed": "changed in Git",
    "drift": "changed outside Git",
    "adopted": "already as Git wants",
    "unmanaged": "no longer in Git",
    "rotated": "secret rotated in its store",
    "overwritten": "secret overwritten outside",
    "unverified": "never verified before",
    "unsettled": "the last write has no known outcome",
    "together": "sent with its group",
}
"""The rows of the three-way table as people read them."""

_SECRET_CASES = {
    "create": "set",
    "overwritten": "written again",
    "unverified": "written",
    "unsettled": "sent once more",
    "together": "sent again",
    "takeover": "replaces the one that is there",
}


def value_text(value: Value) -> str:
    """A value as people read it. No value of a secret can be in it."""
    if value is None:
        return UNSET
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or EMPTY
    if isinstance(value, SecretRef | SecretState | Masked):
        return _masked_text(value)
    return str(value) or EMPTY


def _masked_text(value: SecretRef | SecretState | Masked) -> str:
    if isinstance(value, SecretRef):
        return f"secret {value}"
    if isinstance(value, SecretState):
        return f"secret {value.ref}" + (f" (version {value.version})" if value.version else "")
    return UNSET if value.present is False else MASK


def change_text(change: Change) -> str:
    """What happens to one field: ``25 → 587``, or ``secret env:SMTP_QA rotated (version 7 → 8)``."""
    before, after = change.before, change.after
    if isinstance(after, SecretRef | SecretState):
        return _secret_text(change, after)
    if isinstance(before, tuple) and isinstance(after, tuple) and before and after:
        return _list_text(before, after)
    if before == after and type(before) is type(after):
        return value_text(after)
    return f"{value_text(before)} → {value_text(after)}"


def case_text(change: Change) -> str:
    """The row of the table in words, with the time where the platform tells one."""
    words = CASES.get(change.case, change.case)
    return f"{words} at {change.since}" if change.since else words


def _secret_text(change: Change, after: SecretRef | SecretState) -> str:
    ref = str(after) if isinstance(after, SecretRef) else after.ref
    version = after.version
    before = change.before
    if isinstance(before, SecretState):
        if before.ref != ref:
            return f"secret {before.ref} → secret {ref}"
        if version and before.version and version != before.version:
            return f"secret {ref} rotated (version {before.version} → {version})"
    verb = _SECRET_CASES.get(change.case, "rotated" if change.case == "rotated" else "set")
    return f"secret {ref} {verb}" + (f" (version {version})" if version else "")


def _list_text(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    added = [f"+ {member}" for member in after if member not in before]
    gone = [f"- {member}" for member in before if member not in after]
    if not added and not gone:
        return f"{value_text(after)} (another order)" if before != after else value_text(after)
    stay = sum(member in before for member in after)
    text = ", ".join((*added, *gone))
    return f"{text} ({stay} stay)" if stay else text
