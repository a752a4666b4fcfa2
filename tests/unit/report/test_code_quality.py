"""GitLab's Code Quality report: what GitLab asks of each entry, whatever is in the problems."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.samples import PROBLEMS
from tests.unit.report.test_sarif import ANY_PROBLEM

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.report.code_quality import code_quality


def entries(problems: list[Problem] | tuple[Problem, ...]) -> Any:
    return json.loads(code_quality(problems))


def test_each_problem_is_an_entry_on_its_line() -> None:
    (entry,) = entries([Problem(Location("a.yaml", 7, 3), "out-of-range", "port is 0", "write 587")])
    fingerprint = entry.pop("fingerprint")
    assert entry == {
        "description": "port is 0, write 587",
        "check_name": "out-of-range",
        "severity": "major",
        "location": {"path": "a.yaml", "lines": {"begin": 7}},
    }
    (moved,) = entries([Problem(Location("a.yaml", 9, 3), "out-of-range", "port is 0", "write 587")])
    assert moved["fingerprint"] == fingerprint, "the same problem after its line has moved"
    assert len(entries(PROBLEMS)) == len(set(PROBLEMS))
    assert entries([]) == []


@settings(deadline=None)
@given(st.lists(ANY_PROBLEM, max_size=5))
def test_any_problems_give_what_gitlab_asks_for(problems: list[Problem]) -> None:
    found = entries(problems)
    assert len({entry["fingerprint"] for entry in found}) == len(found) == len(set(problems))
    for entry in found:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert entry["location"]["path"] and entry["location"]["lines"]["begin"] >= 1
