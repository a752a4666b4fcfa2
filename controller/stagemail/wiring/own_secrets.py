"""The credentials that the operator file itself names, with the line where each stands.

Not here: the credentials of stages (``reconcile.uses``), reading any.
"""

from collections.abc import Iterator

from stagemail.document.locating import locate
from stagemail.model.location import Place
from stagemail.model.secret import SecretRef
from stagemail.reconcile.secret_status import OwnSecret
from stagemail.resources.policy import secret_ref
from stagemail.resources.references import secret_references
from stagemail.wiring.installation import Installation


def own_secrets(installation: Installation) -> Iterator[OwnSecret]:
    """Every one of them, in the order of the file."""
    data = installation.path.read_bytes()
    for pointer, reference in secret_references(installation.operator):
        location = locate(data, Place(installation.path.name).child(*pointer))
        note = installation.plugin(pointer[1])[0].secret_note if pointer[0] == "targets" else ""
        yield OwnSecret(".".join(pointer), secret_ref(reference), location, note)


def own_by_target(installation: Installation) -> dict[str, dict[str, SecretRef]]:
    """The credentials of each target that has any, by what a person calls them."""
    found: dict[str, dict[str, SecretRef]] = {}
    for pointer, reference in secret_references(installation.operator):
        if pointer[0] == "targets":
            own = found.setdefault(pointer[1], {})
            own[f"{pointer[-1]} of target {pointer[1]}"] = secret_ref(reference)
    return found
