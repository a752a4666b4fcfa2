"""Load and observe: everything that the planner needs to know of one stage, gathered through the ports.

Not here: deciding (``planning``), writing (``apply``).
"""

from collections.abc import Mapping, Sequence

from stagemail.dataclass import dataclass
from stagemail.errors import InvalidInput, NotFound, StagemailError
from stagemail.model.inventory import Inventory
from stagemail.model.key import BINDING, CONFIGURATION, KEY_ORDER, Key
from stagemail.model.run import Intent
from stagemail.model.secret import Secret, SecretRef, SecretState
from stagemail.model.snapshot import Desired
from stagemail.planning import keys_to_observe
from stagemail.ports import Check
from stagemail.reconcile.request import Request
from stagemail.reconcile.unread import is_only_unread
from stagemail.reconcile.uses import uses_of
from stagemail.reconcile.world import World


@dataclass(frozen=True, slots=True)
class Credential:
    """The secrets of one stage for one run: values by field, states by reference, and why any could not be read."""

    values: Mapping[str, Secret]
    states: Mapping[SecretRef, SecretState]
    errors: Mapping[str, StagemailError]


def load(request: Request) -> Desired:
    """What Git wants of the stage. Raises InvalidInput where the stage's documents must not be acted on."""
    loaded = request.loaded
    if request.stage in loaded.blocked:
        reason = loaded.blocked[request.stage]
        raise InvalidInput(
            f"{request.stage}: {reason}; nothing was written",
            problems=loaded.problems,
            hint="run `stagemail validate`, mend what it names, commit",
        )
    if request.stage not in loaded.stages:
        known = ", ".join(sorted(loaded.stages)) or "none"
        raise NotFound(f"{request.stage}: no such stage in Git", hint=f"known stages: {known}")
    return loaded.stages[request.stage]


def read_secrets(desired: Desired, check: Check, world: World, *, no_secrets: bool = False) -> Credential:
    """Read every secret that the target would set, once, after the grants. What fails is kept as data.

    ``no_secrets``: the grants are looked at all the same, and no store is asked.
    """
    uses = {n: use for n, use in uses_of(desired).items() if check.capabilities.of(CONFIGURATION, n) == "sets"}
    if no_secrets:
        return Credential({}, {}, {str(use.ref): e for use, e in world.credentials.refusals(uses.values()).items()})
    answers = world.credentials.resolve_many(uses.values())
    values: dict[str, Secret] = {}
    states: dict[SecretRef, SecretState] = {}
    errors: dict[str, StagemailError] = {}
    for name, use in uses.items():
        answer = answers[use]
        if isinstance(answer, StagemailError):
            errors[str(use.ref)] = answer
        else:
            values[name], states[use.ref] = answer
    return Credential(values, states, errors)


def keys_of(desired: Desired, inventory: Inventory, *, every_app: bool, more: Sequence[Key] = ()) -> tuple[Key, ...]:
    """The stage and the apps that matter: the least possible, or every app that can be bound; and ``more``."""
    keys = set(keys_to_observe(desired, inventory, every_app=every_app))
    present = {app.key for app in (*inventory.apps, *inventory.ahead)}
    keys.update(key for key in more if key.kind != BINDING or key.id in present)
    return tuple(sorted(keys, key=KEY_ORDER))


def needs_every_app(world: World, stage: str, intents: Sequence[Intent]) -> bool:
    """Whether apps that nobody bound must be read too: the last run left something open or undone."""
    last = next(iter(world.record.runs(stage, 1)), None)
    if bool(intents) or last is None:
        return bool(intents)
    waits = any(outcome.action == "activate" and outcome.status == "held" for outcome in last.outcomes)
    return waits or not (last.status in ("done", "held") or is_only_unread(last))
