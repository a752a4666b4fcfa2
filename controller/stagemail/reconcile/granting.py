"""Whether a stage may send a secret somewhere, and what to say where it may not.

No store is asked here. Not here: what a grant means (``model.grant``), reading (``credentials``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from stagemail.errors import GrantRefused, InvalidInput
from stagemail.model.grant import Grant
from stagemail.model.secret import SecretRef, odd_key


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A stage that wants to send a secret to destinations (``host:port``, or a token URL)."""

    stage: str
    ref: SecretRef
    destinations: tuple[str, ...]


def require(use: Use, grants: Sequence[Grant]) -> None:
    """Raises GrantRefused, with the grant that would allow it, or InvalidInput for what is no key at all."""
    refuse_odd(use.ref)
    covering = [grant for grant in grants if grant.covers(use.stage, use.ref)]
    if not use.destinations:
        raise GrantRefused(
            f"stage {use.stage} may not use the secret {use.ref} without saying where it is sent",
            hint="name a server or a token URL beside the reference",
        )
    for wanted in use.destinations:
        if not any(_reaches(grant, wanted) for grant in covering):
            raise _refusal(use, wanted, covering)


def refuse_odd(ref: SecretRef) -> None:
    """No store sees a key that could leave the place that its grant names."""
    why = odd_key(ref.key) or odd_key(ref.field)
    if why:
        raise InvalidInput(
            f"{ref.store}:{ref.key} is no key of a secret: {why}. No secret store was asked",
            hint="write the plain name, such as mail/smtp-qa; a namespace or project is a setting of the store",
        )


def _reaches(grant: Grant, wanted: str) -> bool:
    try:
        return grant.reaches(wanted)
    except ValueError:
        return False


def _refusal(use: Use, wanted: str, covering: Sequence[Grant]) -> GrantRefused:
    """Says what is missing, and prints the grant that would allow exactly this use."""
    if covering:
        granted = ", ".join(sorted({known for grant in covering for known in grant.destinations}))
        message = f"stage {use.stage} may not send the secret {use.ref} to {wanted}; it is granted for {granted}"
    else:
        message = f"stage {use.stage} may not use the secret {use.ref}"
    return GrantRefused(
        f"{message}. No secret store was asked",
        hint=f"if this is meant, add to `grants:` in the operator file: `{_line(use)}`",
    )


def _line(use: Use) -> str:
    """In one line to copy. No character ends the code span in which it is shown (YAML 1.2, 5.7 has the escape)."""
    stage, store, keys = (json.dumps(text, ensure_ascii=False) for text in (use.stage, use.ref.store, use.ref.key))
    where = json.dumps(list(use.destinations), ensure_ascii=False)
    return f"- {{stages: [{stage}], store: {store}, keys: {keys}, destinations: {where}}}".replace("`", "\\x60")
