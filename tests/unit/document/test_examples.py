"""Every file below ``tests/examples/yaml`` is read, or refused exactly where its first lines say."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from stagemail.document import read
from stagemail.document.parser import NewParser, PythonParser

EXAMPLES = Path(__file__).parents[2] / "examples" / "yaml"
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))
PARSERS = pytest.mark.parametrize("new_parser", [NewParser, PythonParser], ids=["libyaml", "python"])
_EXPECT = re.compile(r"^# expect: (\d+):(\d+) (\S+)$", re.MULTILINE)


@PARSERS
@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_each_wrong_example_is_refused_where_it_says(file: Path, new_parser: Callable[[bytes], Any]) -> None:
    data = file.read_bytes()
    _, problems = read(data, "f.yaml", new_parser=new_parser)
    expected = [(int(line), int(column), code) for line, column, code in _EXPECT.findall(data.decode())]
    found = [(p.location.line, p.location.column, p.code) for p in problems]
    if new_parser is PythonParser and "syntax" in {code for _, _, code in expected}:
        # The two parsers give up a syntax error at different characters of the same trouble.
        assert [code for *_, code in found] == [code for *_, code in expected]
    else:
        assert found == expected
    assert all(problem.message and problem.remedy for problem in problems)


def test_there_are_examples_to_check() -> None:
    assert len(INVALID) >= 30


@PARSERS
def test_everything_that_is_allowed_is_read(new_parser: Callable[[bytes], Any]) -> None:
    documents, problems = read((EXAMPLES / "valid/everything.yaml").read_bytes(), "f.yaml", new_parser=new_parser)
    assert problems == ()
    assert documents[1].value == ["another document"]
    assert documents[0].value == {
        "integer": 587,
        "negative": -3,
        "yes-in-text": "yes please",
        "quoted": "on",
        "date": date(2026, 12, 31),
        "true": True,
        "nothing": None,
        "empty": None,
        "version": "1.2.3",
        "address": "10.0.0.1:25",
        "ipv6": "::1",
        "pattern": "Portal*",
        "literal": "first\nsecond\n",
        "folded": "one line",
        "list": ["a", {"b": "c"}, []],
    }


def test_a_message_says_what_to_write_instead() -> None:
    _, problems = read(b"enabled: on\n", "environments/qa/email.yaml")
    assert str(problems[0]) == (
        'environments/qa/email.yaml:1:10: `on` is read as true by YAML 1.1 tools. Write `true` or quote it: `"on"`.'
    )
