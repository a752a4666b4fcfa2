"""A type of target for tests: its platform is a ``MemoryTarget`` that the test holds, whatever opens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from stagemail.model.snapshot import Desired
from stagemail.ports import Check
from stagemail.target.memory import MemoryTarget


class MemorySettings(BaseModel):
    """A target of ``type: memory``."""

    type: Literal["memory"]


class MemoryPlugin:
    """The target, and what builds it."""

    runtime = "tests.unit.wiring.memory_platform:PLUGIN"
    secret_note = ""
    settings = MemorySettings
    target: MemoryTarget

    def scope(self, _settings: Any) -> str:
        return "memory"

    def files(self, _settled: Any) -> tuple[Path, ...]:
        return ()

    def check(self, _settled: Any) -> Callable[[Desired], Check]:
        return self.target.check

    def build(self, _context: Any) -> MemoryTarget:
        return self.target


PLUGIN = MemoryPlugin()
