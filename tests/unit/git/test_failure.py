"""A git that was ended for taking too long, and a transfer that was garbled, are said to be just that."""

import time
from pathlib import Path
from typing import Any

import pytest

from stagemail.errors import Unreachable, UserMustFix
from stagemail.git.command import Command
from stagemail.git.failure import failure

INFLATE = "error: inflate: data stream error (invalid block type)\nfatal: serious inflate inconsistency\n"


@pytest.mark.parametrize(("takes", "error"), [(0.02, Unreachable), (0.0, UserMustFix)])
def test_one_that_was_killed_after_its_time_took_too_long_though_nobody_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: float, error: type[Exception]
) -> None:
    """GitPython's watchdog kills first, and says so a moment later; before its time somebody else killed it."""

    def killed(self: Any, *_command: Any, **named: Any) -> tuple[int, str, str]:
        time.sleep(named["kill_after_timeout"] if takes else 0.0)
        return -9, "", ""

    monkeypatch.setattr("stagemail.git.by_gitpython.Git.execute", killed)
    with pytest.raises(error, match="did not end in" if takes else "status -9"):
        Command(tmp_path).run("fetch", timeout=takes or 60.0)


def test_what_cannot_be_inflated_was_garbled_on_its_way_unless_it_lies_here() -> None:
    found = failure("git fetch", 128, INFLATE, at=Path("m"), timeout=60.0)
    assert isinstance(found, Unreachable) and "garbled" in found.message and found.hint.startswith("Try again")
    here = failure("git cat-file", 128, INFLATE, at=Path("m"), timeout=60.0)
    assert isinstance(here, UserMustFix) and "git fsck" in here.hint
    ours = failure("git fetch", 128, INFLATE + "fatal: loose object 1 is corrupt\n", at=Path("m"), timeout=60.0)
    assert isinstance(ours, UserMustFix) and "git fsck" in ours.hint
