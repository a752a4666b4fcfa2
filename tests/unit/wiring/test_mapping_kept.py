"""A mapping is parsed once for all stages that use it, and anew as soon as its bytes are others."""

import os
from pathlib import Path

import pytest

from stagemail.errors import InvalidInput
from stagemail.resources.targets import OdcTarget
from stagemail.wiring import odc
from stagemail.wiring.plugins import Settled

STAGE = "organization: o\nstages: {{qa: {{environment: {key}, entries: {{}}}}}}\n"


def _settled(folder: Path) -> Settled:
    settings = OdcTarget.model_validate(
        {
            "type": "odc",
            "domain": "example.outsystems.dev",
            "mapping": "mapping.yaml",
            "credentials": {"clientId": "c", "clientSecret": {"secretRef": {"store": "env", "key": "S"}}},
        }
    )
    return Settled("odc", settings, folder)


def test_what_all_stages_use_is_parsed_once(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(STAGE.format(key="e-1"), encoding="utf-8")
    first = odc.read_mapping(_settled(tmp_path))
    assert first is not None
    assert odc.read_mapping(_settled(tmp_path)) is first


def test_a_change_counts_at_once_even_where_size_and_date_are_as_before(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(STAGE.format(key="e-1"), encoding="utf-8")
    os.utime(path, (1, 1))
    assert odc.read_mapping(_settled(tmp_path)) is not None
    path.write_text(STAGE.format(key="e-2"), encoding="utf-8")
    os.utime(path, (1, 1))
    second = odc.read_mapping(_settled(tmp_path))
    assert second is not None
    assert second.stages["qa"].environment == "e-2"
    path.write_text("stages: [\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InvalidInput):
            odc.read_mapping(_settled(tmp_path))
    path.unlink()
    assert odc.read_mapping(_settled(tmp_path)) is None
