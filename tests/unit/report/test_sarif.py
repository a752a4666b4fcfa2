"""SARIF 2.1.0: what the standard requires of a log, and what code scanning asks for beyond it."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.golden import assert_golden
from tests.unit.report.samples import PROBLEMS

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.report.sarif import sarif


def run_of(problems: list[Problem] | tuple[Problem, ...]) -> Any:
    return json.loads(sarif(problems, version="1.2.3"))["runs"][0]


def check(log: Any) -> None:
    """The requirements of the standard on what we write, by section."""
    assert log["version"] == "2.1.0"  # 3.13.2
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")  # 3.13.3
    (run,) = log["runs"]
    driver = run["tool"]["driver"]  # 3.14.6, 3.18.2
    assert driver["name"] == "stagemail"  # 3.19.8
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)  # 3.19.23: unique
    for rule in driver["rules"]:
        assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))  # code scanning
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")  # 3.14.17
    for result in run["results"]:
        check_result(result, ids)


def check_result(result: Any, ids: list[str]) -> None:
    assert ids[result["ruleIndex"]] == result["ruleId"]  # 3.27.6
    assert result["level"] in ("none", "note", "warning", "error")  # 3.27.10
    assert isinstance(result["message"]["text"], str)  # 3.27.11
    assert len(result["locations"]) == 1
    related = result.get("relatedLocations", [])
    assert len({location["id"] for location in related}) == len(related)  # 3.28.2
    for location in (*result["locations"], *related):
        artifact = location["physicalLocation"]["artifactLocation"]
        parts = urlsplit(artifact["uri"])
        assert (parts.scheme, parts.netloc) == ("", "")  # 3.4.3: relative to uriBaseId
        assert artifact["uriBaseId"] == "%SRCROOT%"
        assert artifact["uri"].isascii()  # RFC 3986
        region = location["physicalLocation"].get("region")
        assert region is None or (region["startLine"] >= 1 and region.get("startColumn", 1) >= 1)  # 3.30.5, 3.30.6


def test_problems_are_written_as_in_the_golden_file() -> None:
    assert_golden("problems.sarif", sarif(PROBLEMS, version="1.2.3"))


LOCATIONS = st.builds(Location, st.text(), st.integers(0, 9999), st.integers(0, 9999))
ANY_PROBLEM = st.builds(
    Problem,
    LOCATIONS,
    st.from_regex("[a-z]+(-[a-z]+)*", fullmatch=True),
    st.text(),
    st.text(),
    st.sampled_from(["error", "warning", "note"]),
    st.tuples(LOCATIONS, LOCATIONS) | st.just(()),
)


@settings(deadline=None)
@given(st.lists(ANY_PROBLEM, max_size=5))
def test_any_problems_give_a_log_that_meets_the_standard(problems: list[Problem]) -> None:
    check(json.loads(sarif(problems)))


def test_a_path_with_odd_characters_is_a_relative_uri_that_gives_it_back() -> None:
    path = "a b:c/ü%41?#.yaml"
    uri = run_of([Problem(Location(path, 1, 1), "c", "m")])["results"][0]["locations"][0]["physicalLocation"]
    assert unquote(uri["artifactLocation"]["uri"]) == path
    assert not set(uri["artifactLocation"]["uri"]) & set(" :?#")


def test_the_related_place_is_named() -> None:
    (result,) = [r for r in run_of(PROBLEMS)["results"] if r["ruleId"] == "two-configurations"]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "environments/shared/relay.yaml"
    assert related["message"]["text"]


def test_a_problem_of_a_whole_file_has_no_region() -> None:
    (result,) = run_of([Problem(Location("a.yaml"), "c", "m")])["results"]
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_braces_are_doubled_and_nothing_reads_as_a_link() -> None:
    (result,) = run_of([Problem(Location("a.yaml", 1, 1), "c", "write {secretRef: x} [a](http://evil)")])["results"]
    assert result["message"]["text"] == "write {{secretRef: x}} \\[a\\](http://evil)"


def test_an_alert_stays_the_same_when_its_line_moves_and_two_equal_ones_differ() -> None:
    def prints(*lines: int) -> list[str]:
        found = run_of([Problem(Location("a.yaml", line, 1), "c", "m") for line in lines])["results"]
        return [result["partialFingerprints"]["stagemail/v1"] for result in found]

    assert prints(3) == prints(7)
    assert len(set(prints(3, 7))) == 2
