"""An installation: one operator file, and what can be said from it without record, credential or network.

Not here: what runs (``running``), how a source is read (``opening``).
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stagemail.errors import UsageError
from stagemail.model.revision import Loaded
from stagemail.ports import Clock
from stagemail.reconcile.request import Request
from stagemail.reconcile.stages import in_order
from stagemail.resources import postgresql_address
from stagemail.resources.policy import policy_of
from stagemail.wiring.plugins import CheckDesired, Settled, TargetPlugin, targets

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from stagemail.resources.operator import Operator

_BRANCH = "git-branch:"
KINDS = ("sqlite:///", postgresql_address.SCHEME, _BRANCH)


def checked(state: str) -> str:
    """An address of a record that was given for one run. Raises UsageError, without repeating it."""
    if not state.startswith(KINDS):
        raise UsageError(
            "--state (or STAGEMAIL_STATE) does not name a record",
            hint="write sqlite:///FILE, postgresql://USER@HOST/DATABASE or git-branch:BRANCH",
        )
    return postgresql_address.checked(state) if state.startswith(postgresql_address.SCHEME) else state


class Installation:
    """``base`` is the operator file's folder: relative paths in it start there.

    ``state``: another record than the file names, for this run. Raises UsageError where that is no address of one.
    """

    def __init__(self, operator: "Operator", path: Path, clock: Clock, state: str | None = None) -> None:
        self.operator = operator
        self.state = operator.state if state is None else checked(state)
        self.is_redirected = state is not None
        self.path = path
        self.base = path.parent
        self.clock = clock

    @property
    def is_on_branch(self) -> bool:
        """Whether the record is a branch itself."""
        return self.state.startswith(_BRANCH)

    def stages(self, selected: tuple[str, ...]) -> tuple[str, ...]:
        """The selected stages, all of them if none is named, in the order of ``dependsOn``. Raises UsageError."""
        unknown = [stage for stage in selected if stage not in self.operator.stages]
        if unknown:
            known = ", ".join(sorted(self.operator.stages))
            raise UsageError(f"{', '.join(unknown)}: no such stage in {self.path.name}", hint=f"known stages: {known}")
        depends_on = {name: tuple(stage.depends_on) for name, stage in self.operator.stages.items()}
        return in_order(depends_on, selected or tuple(self.operator.stages))

    def target_of(self, stage: str) -> str:
        """The name of the stage's target."""
        return self.operator.stages[stage].target

    def stages_of(self, target: str) -> tuple[str, ...]:
        """All stages of a target, in the order of ``dependsOn``."""
        return tuple(stage for stage in self.stages(()) if self.target_of(stage) == target)

    def plugin(self, name: str) -> tuple[TargetPlugin, Settled]:
        """The type of this target, and what is known of it."""
        settings = self.operator.targets[name]
        return targets()[settings.type], Settled(name, settings, self.base)

    def check(self, stage: str) -> CheckDesired:
        """What the stage's target says of a desired state, without a credential."""
        return self._checks[self.target_of(stage)]

    def request(
        self, stage: str, loaded: Loaded, *, automatic: bool = False, only: tuple[str, ...] = (), patience: float = 0.0
    ) -> Request:
        """One stage at one loaded revision."""
        return Request(stage, loaded, policy_of(self.operator, stage, automatic=automatic), only, patience)

    @cached_property
    def _checks(self) -> dict[str, CheckDesired]:
        found = {}
        for name in self.operator.targets:
            plugin, settled = self.plugin(name)
            found[name] = plugin.check(settled)
        return found
