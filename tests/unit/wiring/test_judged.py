"""An operator file that was judged before is not judged again, unless anything that it stands on is new."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from stagemail.errors import InvalidInput
from stagemail.resources.operator import Operator
from stagemail.resources.plugins import Registries, built_in
from stagemail.source.operator_file import load_operator
from stagemail.wiring.judged import judged

TEXT = b"""apiVersion: stagemail/v1
kind: Operator
targets:
  other: {type: other}
stages:
  qa: {target: other, environment: QA, purpose: non-production}
"""


class Other(BaseModel):
    """Settings of somebody's plugin."""

    type: str


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Whether a look at the operator file judges it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "checkout").mkdir()
    plugin = tmp_path / "plugin.py"
    plugin.touch()
    monkeypatch.setattr(sys.modules[__name__], "__file__", str(plugin))

    def look(data: bytes = TEXT, name: str = "stagemail.yaml", top: Path = tmp_path / "checkout") -> bool:
        told: list[bytes] = []

        def load() -> Operator:
            told.append(data)
            registries = Registries(targets={**built_in().targets, "other": Other}, stores=built_in().stores)
            return load_operator(data, name, registries)

        found = judged(data, name, top, load)
        assert found.stages["qa"].target == "other"
        return bool(told)

    return look


def kept(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "cache" / "stagemail").glob("operator-*.json")
    return found


def test_the_second_look_judges_nothing(judge: Callable[..., bool]) -> None:
    assert [judge(), judge()] == [True, False]


@pytest.mark.parametrize("new", [{"data": TEXT + b"# x\n"}, {"name": "other.yaml"}])
def test_another_file_is_judged(judge: Callable[..., bool], new: dict[str, bytes]) -> None:
    judge()
    assert judge(**new)


def test_a_plugin_that_changed_judges_again(judge: Callable[..., bool], tmp_path: Path) -> None:
    judge()
    (tmp_path / "plugin.py").write_text("# another release\n", encoding="utf-8")
    assert judge()


def test_our_own_code_that_changed_judges_again(
    judge: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge()
    monkeypatch.setattr("stagemail.wiring.judged._FORMAT", 0)
    assert judge()


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"operator": {}, "plugins": {}}', b"\xff"])
def test_a_damaged_one_is_judged_and_mended(judge: Callable[..., bool], tmp_path: Path, damage: bytes) -> None:
    judge()
    kept(tmp_path).write_bytes(damage)
    assert [judge(), judge()] == [True, False]


def test_one_that_others_can_read_or_write_does_not_count(judge: Callable[..., bool], tmp_path: Path) -> None:
    judge()
    assert kept(tmp_path).stat().st_mode & 0o777 == 0o600
    kept(tmp_path).chmod(0o644)
    assert judge()


def test_a_link_does_not_count(judge: Callable[..., bool], tmp_path: Path) -> None:
    judge()
    moved = kept(tmp_path).rename(tmp_path / "elsewhere")
    (tmp_path / "cache" / "stagemail" / moved.name).symlink_to(moved)
    assert judge()


def test_nothing_is_kept_inside_the_repository(judge: Callable[..., bool], tmp_path: Path) -> None:
    assert [judge(top=tmp_path), judge(top=tmp_path)] == [True, True]


def test_what_is_wrong_is_never_kept(judge: Callable[..., bool]) -> None:
    wrong = TEXT.replace(b"target: other", b"target: nobody")
    for _ in range(2):
        with pytest.raises(InvalidInput, match="one problem"):
            judge(wrong)
