"""No file, however built, costs more than a bounded time and memory, or raises."""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from stagemail.document import MAX_FILE, locate, read
from stagemail.document.parser import NewParser, PythonParser
from stagemail.model.location import Place

SECONDS = 10.0
"""Of the processor, however busy it is: far above what each takes, far below what a quadratic parser would."""


def _codes(data: bytes, new_parser: Callable[[bytes], Any] = NewParser) -> list[str]:
    begun = time.thread_time()
    _, problems = read(data, "f.yaml", new_parser=new_parser)
    assert time.thread_time() - begun < SECONDS
    return [problem.code for problem in problems]


@pytest.mark.parametrize("new_parser", [NewParser, PythonParser], ids=["libyaml", "python"])
@pytest.mark.parametrize(
    "data",
    [b"[" * 600, b"{a: " * 600, b"- " * 600, b"".join(b" " * n + b"k:\n" for n in range(600)), b"? " * 600],
    ids=["lists", "flow mappings", "items", "mappings", "keys"],
)
def test_nesting_of_600_is_one_problem(data: bytes, new_parser: Callable[[bytes], Any]) -> None:
    assert _codes(data, new_parser)[-1] == "too-deep"


@pytest.mark.parametrize("data", [b"[" * MAX_FILE, b"{" * MAX_FILE, b"- " * (MAX_FILE // 2), b"? " * (MAX_FILE // 2)])
def test_a_file_of_nothing_but_brackets_ends_soon(data: bytes) -> None:
    assert _codes(data)[-1] == "too-deep"


def test_fifty_deep_is_fine_and_fifty_one_is_not() -> None:
    assert _codes(b"[" * 50 + b"]" * 50) == []
    assert _codes(b"[" * 51 + b"]" * 51) == ["too-deep"]


def test_an_integer_of_5000_digits_is_refused_and_18_are_read() -> None:
    assert _codes(b"a: " + b"9" * 5000) == ["integer-too-long"]
    documents, problems = read(b"a: 999999999999999999\nb: -999999999999999999\n", "f.yaml")
    assert (documents[0].value, problems) == ({"a": 10**18 - 1, "b": 1 - 10**18}, ())
    assert _codes(b"a: 1000000000000000000") == ["integer-too-long"]


def test_a_billion_laughs_costs_nothing() -> None:
    lines = [b"a0: &a0 [lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]".encode() for n in range(1, 30)]
    documents, problems = read(b"\n".join(lines), "f.yaml")
    assert documents == ()
    assert {problem.code for problem in problems} == {"anchor", "alias", "too-many-problems"}
    assert len(problems) == 101


def test_a_file_over_one_mebibyte_is_not_parsed() -> None:
    assert _codes(b"# " + b"x" * MAX_FILE) == ["file-too-large"]
    assert _codes(b"# " + b"x" * (MAX_FILE - 2)) == []


def test_a_text_over_64_kibibytes_is_refused_as_value_and_as_key() -> None:
    assert _codes(b"a: " + b"x" * 65536) == []
    assert _codes(b"a: " + b"x" * 65537) == ["text-too-long"]
    assert _codes(b"? " + b"x" * 65537 + b"\n: 1\n") == ["text-too-long"]


def test_more_than_200000_values_are_refused() -> None:
    assert _codes(b"[" + b"a," * 199_999 + b"]") == []
    assert _codes(b"[" + b"a," * 200_001 + b"]") == ["too-many-nodes"]
    assert _codes(b"[" + b"[]," * 200_001 + b"]") == ["too-many-nodes"]


def test_a_file_full_of_mistakes_reports_a_hundred_and_says_so() -> None:
    assert _codes(b"- yes\n" * 5_000).count("yaml-1.1-boolean") == 100
    assert "too-many-problems" in _codes(b"- yes\n" * 5_000)
    assert "too-many-problems" in _codes(b"---\na: b: c\n" * 50_000)
    assert "too-many-problems" in _codes(b"\0" * 50_000)
    assert "too-many-problems" in _codes(b"{" + b"a: 1, " * 50_000 + b"}")


@pytest.mark.parametrize("data", [b"1" * 60_000 + b"x", b"1:" * 30_000, b"1_" * 30_000, b"-" * 60_000, b"1." * 30_000])
def test_texts_that_almost_are_numbers_take_no_time(data: bytes) -> None:
    begun = time.thread_time()
    read(b"a: " + data, "f.yaml")
    assert time.thread_time() - begun < 2.0


def test_memory_stays_within_some_hundred_bytes_for_each_value() -> None:
    tracemalloc.start()
    read(b"[" + b"abcd," * 50_000 + b"]", "f.yaml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25 * 1024 * 1024


def test_locating_in_a_file_of_brackets_ends_soon() -> None:
    begun = time.thread_time()
    assert str(locate(b"[" * MAX_FILE, Place("f.yaml", 0, ("0",)))) == "f.yaml:1:2"
    assert time.thread_time() - begun < SECONDS
