"""Field values, and what planning must know of a field without knowing mail.

Not here: the names of the fields (``model.email``) and how a platform spells values (its codec).
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.secret import Masked, SecretRef, SecretState

Value = str | int | bool | None | tuple[str, ...] | SecretRef | SecretState | Masked
"""A tuple is a list of mailboxes, each as RFC 5322 writes it: ``Name <user@example.com>`` or the bare address."""

Fields = Mapping[str, Value]

Support = Literal["sets", "verifies", "cannot"]
"""What a target does with a field: it sets it, it can only verify it, or it cannot do anything about it."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: the unit that a guard holds as a whole, and the group that is only ever sent together."""

    name: str
    unit: str
    group: str = ""
    secret: bool = False


class Specs(Mapping[str, FieldSpec]):
    """All fields of the product by name, in the order in which people read them."""

    def __init__(self, *specs: FieldSpec) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._order = {name: place for place, name in enumerate(self._specs)}
        groups: dict[str, tuple[str, ...]] = {}
        for spec in specs:
            groups[spec.group] = (*groups.get(spec.group, ()), spec.name)
        self._together = {spec.name: groups[spec.group] if spec.group else (spec.name,) for spec in specs}

    def __getitem__(self, name: str) -> FieldSpec:
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def together(self, name: str) -> tuple[str, ...]:
        """The fields that are sent whenever this one is, itself included."""
        return self._together[name]

    def order(self, name: str) -> int:
        """The place of a field in people's order."""
        return self._order[name]
