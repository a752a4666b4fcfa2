"""How verbs speak: errors of several stages, and lines of the terminal's width."""

from pathlib import Path

import click
import pytest

from stagemail.cli.output import complain, folded, save, say
from stagemail.errors import NotFound, Unreachable
from stagemail.model.secret import Secret
from stagemail.reconcile.net import Net
from stagemail.reconcile.stages import StageResult


def test_what_stopped_several_stages_in_the_same_way_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    same = Unreachable("no answer", hint="run again later")
    other = NotFound("stage qa: ODC shows no stage QA")
    results = [StageResult("dev", error=same), StageResult("qa", error=other), StageResult("prod", error=same)]
    complain([*results, StageResult("fine", value=1)])
    assert capsys.readouterr().err == "dev, prod: no answer\n  → run again later\nqa: ODC shows no stage QA\n"


def test_a_message_is_folded_and_what_cannot_be_broken_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    path = "/a/path/that/is/longer/than/a-line"
    assert folded(f"cannot read the file {path}\n  → mend it or remove it") == (
        f"cannot read the file\n  {path}\n  → mend it or\n    remove it"
    )


def test_a_report_without_a_word_leaves_no_empty_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("")
    say("one\n\n")
    assert capsys.readouterr().out == "one\n"


def test_a_saved_file_is_its_owners_and_has_no_credential(tmp_path: Path) -> None:
    net = Net()
    net.learn(Secret("hunter2-hunter2"))
    ctx = click.Context(click.Command("plan"), obj={"net": net})
    path = tmp_path / "plan.json"
    path.touch(0o644)
    save(ctx, path, '{"told": "hunter2-hunter2 aHVudGVyMi1odW50ZXIy"}')
    assert path.read_text(encoding="utf-8") == '{"told": "*** ***"}'
    assert path.stat().st_mode & 0o777 == 0o600
    save(ctx, path, "{}")
    assert path.read_text(encoding="utf-8") == "{}"
    save(ctx, Path("/dev/null"), "{}")
    assert Path("/dev/null").is_char_device()
