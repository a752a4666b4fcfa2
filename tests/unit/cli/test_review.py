"""`stagemail review` as a person types it: what it prints, its exit codes, and what it compares with."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from tests.unit.review.samples import EXAMPLES, GOOD, eml

from stagemail.cli.group import stagemail
from stagemail.errors import InvalidInput, StagemailError
from stagemail.report.schema import schema_texts
from stagemail.resources.location import sample_folder
from stagemail.review import reviewing

ORDER = sample_folder() / "docs" / "examples" / "order.html"
SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_texts()["review-report.schema.json"]))


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """Run it; the exit code is what the command returns."""
    result = CliRunner().invoke(
        stagemail, ["review", *map(str, arguments)], input=stdin, standalone_mode=False, catch_exceptions=True
    )
    if isinstance(result.exception, StagemailError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def code(result: Result) -> Any:
    return result.return_value


@pytest.fixture
def good(tmp_path: Path) -> Path:
    (tmp_path / "good.eml").write_bytes(GOOD)
    return tmp_path / "good.eml"


def test_the_sample_has_exactly_one_finding_and_it_is_real() -> None:
    result = run(ORDER)
    assert code(result) == 1
    assert "template-placeholder  1 text/html:16:75" in result.output
    assert "a placeholder was not filled: {{deliveryDay}}" in result.output
    assert "\n1 error; mail clients by Can I email" in result.output


def test_a_good_message_ends_with_zero(good: Path) -> None:
    result = run(good)
    assert code(result) == 0
    assert "nothing to mend" in result.output


@pytest.mark.parametrize(("line", "worst", "expected"), [
    ("error", "shouting-subject", 0), ("warning", "shouting-subject", 1), ("warning", "long-subject", 0),
    ("hint", "long-subject", 1), ("never", "nul-byte", 0), ("error", "nul-byte", 1),
])  # fmt: skip
def test_fail_on_moves_the_line(tmp_path: Path, line: str, worst: str, expected: int) -> None:
    (tmp_path / "m.eml").write_bytes(EXAMPLES[worst])
    assert code(run(tmp_path / "m.eml", "--fail-on", line)) == expected


def test_the_json_follows_its_schema_and_says_what_the_text_says(tmp_path: Path) -> None:
    for name in ("hidden-character", "not-supported-everywhere", "truncated"):
        (tmp_path / "m.eml").write_bytes(EXAMPLES[name])
        found = json.loads(run(tmp_path / "m.eml", "--format", "json").output)
        SCHEMA.validate(found)
        assert name in [finding["code"] for finding in found["review"]["findings"]]
        assert sum(found["counts"].values()) == len(found["review"]["findings"])


def test_the_page_is_html(good: Path) -> None:
    result = run(good, "--format", "html")
    assert result.output.startswith("<!doctype html>")
    assert '<iframe sandbox="" ' in result.output


def test_the_input_is_read_where_the_file_is_a_hyphen() -> None:
    assert "Your order is on its way" in run("-", stdin=GOOD).output
    assert code(run("-", "--as", "html", stdin=ORDER.read_bytes())) == 1


def test_the_stages_sender_is_compared(tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(eml(From="Example QA <no-reply@production.example.com>"))
    result = run(tmp_path / "m.eml", "--stage", "qa", "--root", sample_folder())
    assert "not-the-stages-domain" in result.output
    assert "stage qa sends from qa.example.com" in " ".join(result.output.split())
    (tmp_path / "m.eml").write_bytes(GOOD)
    assert code(run(tmp_path / "m.eml", "--stage", "qa", "--root", sample_folder())) == 0


def test_an_unknown_stage_is_named(good: Path) -> None:
    with pytest.raises(StagemailError, match="attic"):
        run(good, "--stage", "attic", "--root", sample_folder())


def test_the_size_limit_is_that_of_the_option_or_of_a_preflight(good: Path, tmp_path: Path) -> None:
    assert "the server takes 100 (--size-limit)" in " ".join(run(good, "--size-limit", "100").output.split())
    step = {"name": "ehlo-secured", "facts": {"size": 200}}
    stage = {"stage": "qa", "destination": "smtp.example.com:587", "steps": [{"name": "ehlo", "facts": {}}, step]}
    other = {"stage": "production", "destination": "smtp.example.com:25", "steps": []}
    told = {"version": 1, "kind": "preflight", "retryable": [], "stages": [stage, other]}
    (tmp_path / "preflight.json").write_text(json.dumps(told))
    arguments = ("--preflight", tmp_path / "preflight.json")
    with pytest.raises(InvalidInput, match="qa, production"):
        run(good, *arguments)
    text = run(good, *arguments, "--stage", "qa", "--root", sample_folder()).output
    assert "the server takes 200 (SIZE of smtp.example.com:587)" in " ".join(text.split())


def test_a_file_of_more_than_any_server_takes_is_refused(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagemail.cli.review.LARGEST", 100)
    with pytest.raises(InvalidInput, match="more than"):
        run(good)
    assert reviewing.LARGEST == 64 * 2**20
