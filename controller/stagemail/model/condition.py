"""The conditions of a stage, as Kubernetes' API conventions have them.

Source: Kubernetes API conventions, "Typical status properties". Not here: deciding them (``reconcile.conditions``).
"""

from datetime import datetime
from typing import Literal

from stagemail.dataclass import dataclass

ConditionType = Literal["Ready", "Reconciling", "Stalled"]
Truth = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. ``revision``: the one it was observed at; ``since``: when ``status`` last became what it is."""

    type: ConditionType
    status: Truth
    reason: str = ""
    message: str = ""
    revision: str = ""
    since: datetime | None = None
