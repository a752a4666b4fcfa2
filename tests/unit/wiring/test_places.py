"""Which checkout a command works in, and where its operator file is."""

from pathlib import Path

import pytest

from stagemail.errors import NotFound, UsageError
from stagemail.wiring.places import operator_file, required_operator_file, root_of


def test_the_root_is_the_nearest_folder_with_git_or_an_operator_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    below = tmp_path / "environments" / "qa"
    below.mkdir(parents=True)
    assert root_of(below) == tmp_path
    assert root_of(below / ".." / "qa") == tmp_path


def test_a_file_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    with pytest.raises(UsageError, match="is a file"):
        root_of(tmp_path / "a.yaml")
    with pytest.raises(UsageError, match="no such folder"):
        root_of(tmp_path / "b")


def test_an_operator_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such operator file"):
        operator_file(str(tmp_path / "x.yaml"), tmp_path)


def test_without_one_the_next_step_is_init(tmp_path: Path) -> None:
    assert operator_file(None, tmp_path) is None
    with pytest.raises(NotFound, match="stagemail init"):
        required_operator_file(None, tmp_path)
