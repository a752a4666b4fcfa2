"""From the operator file to what planning needs of it: one stage's policy, and secret references as the model has them.

Not here: deciding anything (``planning``), the file's shape (``operator``).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stagemail.errors import NotFound
from stagemail.model.gate import DAYS, Gating, Window
from stagemail.model.grant import Grant
from stagemail.model.policy import HELD_BY_DEFAULT, Policy
from stagemail.model.secret import SecretRef
from stagemail.resources.nearest import nearest

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from stagemail.resources.gating import Window as WrittenWindow
    from stagemail.resources.operator import Operator
    from stagemail.resources.secret_reference import SecretReference

MASS_ABSOLUTE, MASS_RELATIVE = 10, 0.3
"""When a plan is a mass change where the operator file says nothing of the stage's purpose."""


def policy_of(operator: "Operator", stage: str, *, automatic: bool) -> Policy:
    """One stage's policy. ``automatic``: the run was not started by a person. Raises NotFound for an unknown stage."""
    if stage not in operator.stages:
        raise NotFound(f"no stage is called {stage}", hint=nearest(stage, operator.stages, "stage"))
    written = operator.stages[stage]
    guards = operator.guards.get(written.purpose)
    return Policy(
        stage=stage,
        purpose=written.purpose,
        automated=written.sync.automated,
        self_heal=written.sync.self_heal,
        hold=(HELD_BY_DEFAULT | frozenset(guards.hold)) - frozenset(guards.warn) if guards else HELD_BY_DEFAULT,
        mass_absolute=guards.mass_change.absolute if guards else MASS_ABSOLUTE,
        mass_relative=guards.mass_change.relative if guards else MASS_RELATIVE,
        own_domains=tuple(sorted(domain.lower() for domain in operator.own_domains)),
        automatic=automatic,
        heal_after=written.sync.heal_after,
        preflight=written.sync.preflight,
        preflight_blocks=written.sync.preflight_failure == "block",
        verify=written.rotation.verify,
        verify_unreachable=written.rotation.if_unreachable,
        gating=gating_of(operator, stage),
        accept_retired=frozenset(host.lower() for host in operator.mail.accept_retired),
        read_only=bool(getattr(operator.targets[written.target], "read_only", False)),
    )


def gating_of(operator: "Operator", stage: str) -> Gating:
    """What the operator file says of one stage's gates."""
    written = operator.stages[stage]
    canary = written.canary
    return Gating(
        stop=operator.stop.reason if operator.stop else "",
        sync_windows=model_windows(written.windows.sync),
        heal_windows=model_windows(written.windows.heal),
        depends_on=tuple(written.depends_on),
        soak=written.soak,
        approval=written.approval,
        canary_apps=canary.apps if canary else 0,
        canary_soak=canary.soak if canary else 0,
    )


def model_windows(windows: "Iterable[WrittenWindow]") -> tuple[Window, ...]:
    """Windows in numbers, in their order."""
    return tuple(
        Window(tuple(sorted(DAYS.index(day) for day in w.days)), _minutes(w.begin), _minutes(w.end), w.zone)
        for w in windows
    )


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def secret_ref(reference: "SecretReference") -> SecretRef:
    """A reference of the operator file as the model has it."""
    key = reference.secret_ref
    return SecretRef(key.store, key.key, key.field or "", key.version or "", key.expires or "")


def grants_of(operator: "Operator") -> tuple[Grant, ...]:
    """The file's grants as the model has them, in the order of the file."""
    return tuple(
        Grant(tuple(grant.stages), grant.store, grant.keys, tuple(grant.destinations)) for grant in operator.grants
    )
