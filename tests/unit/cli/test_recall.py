"""Which command lines of ``plan`` what was remembered may answer: those that change nothing in it, and no other."""

from pathlib import Path

import pytest

from stagemail.cli.recall import Asked, answered, understood


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("", Asked(())),
        ("qa live qa", Asked(("qa", "live"))),
        ("--stage qa live --stage=dev", Asked(("qa", "live", "dev"))),
        ("--format json --detailed-exitcode", Asked((), form="json", detailed=True)),
        ("--format=markdown qa --root x", Asked(("qa",), Path("x"), "markdown")),
    ],
)
def test_what_it_understands(line: str, asked: Asked) -> None:
    assert understood(line.split()) == asked


@pytest.mark.parametrize(
    "line",
    ["--app A", "--revision x", "--automatic", "--out f", "-h", "--help", "--no-secrets", "--against x", "--preflight",
     "--check-sender", "--if-changed", "--format yaml", "--format", "--root", "--stage", "--format=", "--"],
)  # fmt: skip
def test_everything_else_is_for_the_verb(line: str) -> None:
    assert understood(line.split()) is None


@pytest.mark.parametrize("variable", ["STAGEMAIL_STATE", "STAGEMAIL_CLOCK_SPEED"])
def test_another_record_or_clock_is_for_the_verb(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "2")
    monkeypatch.setattr("stagemail.cli.recall._memo", lambda _start: pytest.fail("it was looked up"))
    assert answered([]) is None


def test_nothing_is_answered_outside_a_checkout(tmp_path: Path) -> None:
    assert answered(["--root", str(tmp_path)]) is None
    assert answered(["--root", str(tmp_path / "missing")]) is None
