"""Targets and stores by type: built in, or added by a package's entry point."""

import sys
from pathlib import Path

import pytest

from stagemail.wiring.plugins import Settings, stores, targets

PLUGIN = """
from pydantic import BaseModel
class Settings(BaseModel):
    type: str
    room: int
class Plugin:
    settings = Settings
    runtime = "paper:RUNTIME"
PLUGIN = Plugin()
"""


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that adds a target of type ``paper``."""
    (tmp_path / "paper.py").write_text(PLUGIN, encoding="utf-8")
    info = tmp_path / "paper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paper\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[stagemail.targets]\npaper = paper:PLUGIN\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "paper", raising=False)


def test_built_in_types_are_there() -> None:
    assert "odc" in targets()
    assert {"env", "file"} <= set(stores())


@pytest.mark.usefixtures("paper")
def test_a_package_adds_a_type_by_its_entry_point() -> None:
    assert set(targets()) == {"odc", "paper"}
    assert set(Settings(targets())["paper"].model_fields) == {"type", "room"}


def test_a_type_that_nobody_has_is_missing() -> None:
    with pytest.raises(KeyError):
        targets()["carrier-pigeon"]
