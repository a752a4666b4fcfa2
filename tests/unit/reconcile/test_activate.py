"""Between the last look at an app and its activation nothing is waited for."""

from collections.abc import Mapping, Sequence

from tests.unit.reconcile.conftest import House

from stagemail.model.cost import Cost
from stagemail.model.key import Key
from stagemail.model.run import Operation
from stagemail.model.secret import Secret
from stagemail.model.snapshot import Observed
from stagemail.model.step import Step
from stagemail.reconcile.once import once
from stagemail.target.memory import MemoryTarget


class LimitedTarget(MemoryTarget):
    """The reference platform with a limit on activations, and a diary."""

    diary: list[str]

    def cost(self, keys: Sequence[Key]) -> Cost:
        raise NotImplementedError

    def make_room(self) -> None:
        self.diary.append("room")

    def observe(self, stage: str, keys: Sequence[Key]) -> Observed:
        self.diary.append("read")
        return super().observe(stage, keys)

    def begin(self, step: Step, secrets: Mapping[str, Secret]) -> Operation:
        self.diary.append(step.action)
        return super().begin(step, secrets)


def test_an_app_is_read_after_the_wait_and_directly_before_it_is_made_live(house: House) -> None:
    house.target.__class__ = LimitedTarget
    house.target.diary = []  # type: ignore[attr-defined]
    once(house.request(), house.world())
    diary = house.target.diary  # type: ignore[attr-defined]
    places = [number for number, what in enumerate(diary) if what == "activate"]
    assert len(places) >= 2
    assert all(diary[number - 2 : number] == ["room", "read"] for number in places)
