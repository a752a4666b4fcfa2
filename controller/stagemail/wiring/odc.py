"""The ODC target as a plugin: its settings, its mapping file, and what can be said without any network.

Not here: speaking to ODC (``odc_runtime``).
"""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from stagemail.document import locate, read
from stagemail.errors import InvalidInput
from stagemail.model.location import Place
from stagemail.model.snapshot import Desired
from stagemail.ports import Check
from stagemail.target.odc.check import check_desired
from stagemail.target.odc.mapping import OdcMapping
from stagemail.wiring.plugins import CheckDesired, Settled

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from pydantic import BaseModel

    from stagemail.resources.targets import OdcTarget as OdcTargetSettings

NOTE = (
    "ODC deactivates the old secret of an API client the moment a new one is made: its old value dies at once. So "
    "store the new one in the same minute, and write `expires:` beside the reference (90 days if you chose none)"
)
MAX_MAPPING = 4 * 1024 * 1024
"""Bytes of a mapping file that we read."""
KEPT = 4
"""Mappings that a process keeps: it reads the file for each stage, and parsing takes much longer than reading."""
_PARSING = Lock()


class OdcPlugin:
    """OutSystems Developer Cloud."""

    runtime = "stagemail.wiring.odc_runtime:RUNTIME"
    secret_note = NOTE

    @property
    def settings(self) -> "type[BaseModel]":
        """The model of its settings."""
        found: type[BaseModel] = import_module("stagemail.resources.targets").OdcTarget
        return found

    def scope(self, settings: "OdcTargetSettings") -> str:
        """One organization is one domain."""
        return f"odc:{settings.domain.lower()}"

    def files(self, settled: Settled) -> tuple[Path, ...]:
        """The mapping."""
        return (mapping_path(settled),)

    def check(self, settled: Settled) -> CheckDesired:
        """What the mapping says can be set; read once, when the first stage is checked."""
        known: list[OdcMapping | None] = []

        def check(desired: Desired) -> Check:
            if not known:
                known.append(read_mapping(settled))
            return check_desired(desired, known[0])

        return check


PLUGIN = OdcPlugin()


def mapping_path(settled: Settled) -> Path:
    """Where the mapping file is: beside the operator file, unless its path is absolute."""
    return settled.base / str(settled.settings.mapping)


def read_mapping(settled: Settled) -> OdcMapping | None:
    """The mapping; None where nobody has looked at the platform yet. Raises InvalidInput."""
    path = mapping_path(settled)
    try:
        if path.stat().st_size > MAX_MAPPING:
            raise InvalidInput(f"{path} is too large to be a mapping", hint="`stagemail target discover` writes one")
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    with _PARSING:  # all stages of a start ask at the same moment
        return _parsed(data, path.name)


@lru_cache(maxsize=KEPT)
def _parsed(data: bytes, name: str) -> OdcMapping:
    """What these bytes say. Nobody changes a mapping, so all passes have the same."""
    documents, problems = read(data, name)
    if problems or len(documents) != 1:
        hint = "mend it, or delete it and run `stagemail target discover --write`"
        found = "; ".join(str(problem) for problem in problems[:3])
        found = found or f"{name} holds {len(documents)} documents, not one"
        raise InvalidInput(found, problems=problems, hint=hint)

    def where(member: tuple[int | str, ...]) -> str:
        found = locate(data, Place(name, 0, tuple(map(str, member))))
        return f":{found.line}:{found.column}" if found.line else ""

    return OdcMapping.parse(documents[0].value, name, where)
