"""The page on secret stores: every type is explained, and every example is one that the operator file takes."""

import re

import yaml
from docs.generate.blocks import ROOT

from stagemail.wiring.plugins import stores

TEXT = (ROOT / "docs" / "reference" / "secret-stores.md").read_text(encoding="utf-8")


def test_every_type_is_in_both_tables() -> None:
    what, _, tested = TEXT.partition("## What was tested against what")
    for kind in stores():
        assert f"| `{kind}` |" in what, kind
        assert f"`{kind}`" in tested, kind


def test_every_example_is_valid() -> None:
    shown: set[str] = set()
    for block in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE):
        for settings in yaml.safe_load(block).values():
            if "type" in settings:
                stores()[settings["type"]].settings.model_validate(settings)
                shown.add(settings["type"])
    assert shown == set(stores()) - {"env", "file"}
