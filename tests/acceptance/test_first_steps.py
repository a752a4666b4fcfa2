"""What a newcomer meets first: init, explain before the first commit, what doctor can tell of permissions."""

from pathlib import Path

import pytest
from tests.acceptance.bench import Bench


@pytest.mark.parametrize(
    "arguments", [("--stage", "../../../x y=b:production"), ("--domain", "bad domain"), ("--domain", "a\r\nb.example")]
)
def test_init_writes_nothing_that_validate_would_refuse(
    bench: Bench, arguments: tuple[str, str], tmp_path: Path
) -> None:
    bench.run("init", *arguments, str(tmp_path / "new"), expect=1).shows("stagemail.yaml as it would be written")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.parent.glob("**/x y"))


def test_explain_works_before_the_first_commit(bench: Bench) -> None:
    bench.git("update-ref", "-d", "HEAD")
    said = bench.run("explain", "qa", "CRM").shows("recipients.mode test-list", "environments/qa/apps.yaml:")
    assert "last changed" not in said.text


def test_doctor_says_that_nobody_knows_yet_whether_it_may_write(bench: Bench) -> None:
    bench.run("doctor", "qa").shows("whether it may write is not told by the platform")


def test_doctor_has_seen_that_it_may_write(applied: Bench) -> None:
    applied.run("doctor", "qa").shows("permission qa", "may view; wrote here")


def test_waiting_for_less_than_nothing_is_a_usage_error(bench: Bench) -> None:
    bench.run("apply", "qa", "--wait", "-5", expect=2).shows("is not in the range")


def test_a_mistake_in_the_mapping_is_told_with_its_line(bench: Bench) -> None:
    text = bench.read("odc-mapping.yaml")
    line = next(n for n, words in enumerate(text.splitlines(), 1) if words.strip().startswith("level: "))
    bench.write("odc-mapping.yaml", text.replace("level: stage", "level: stge", 1))
    said = bench.run("plan", expect=1)
    said.shows(f"odc-mapping.yaml:{line}:", "level: Input should be", "target discover --write")
