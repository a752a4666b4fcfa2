"""What a platform has in a stage: the stage itself and the apps that are deployed there."""

from typing import Literal

from stagemail.dataclass import dataclass

Purpose = Literal["development", "non-production", "production"]
STRICTNESS: dict[str, int] = {"development": 0, "non-production": 1, "production": 2}


@dataclass(frozen=True, slots=True, order=True)
class StageIdentity:
    """A stage as the platform knows it. ``purpose`` is "" where the platform does not say."""

    key: str
    name: str
    purpose: str = ""


@dataclass(frozen=True, slots=True, order=True)
class App:
    """A deployed app. ``bindable`` is true for the types whose mail settings the platform lets us manage."""

    name: str
    key: str
    type: str = ""
    revision: int = 0
    bindable: bool = True


@dataclass(frozen=True, slots=True)
class Inventory:
    """The apps of one stage, sorted by name. A listing that ended early never becomes an Inventory."""

    stage: StageIdentity
    apps: tuple[App, ...] = ()
    ahead: tuple[App, ...] = ()
    """Apps of other stages that are not deployed here, where the platform takes their recipients before that. Each has
    the newest revision that is deployed anywhere."""
