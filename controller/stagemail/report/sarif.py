"""Problems as SARIF 2.1.0, for code scanning and for editors.

Source: OASIS SARIF 2.1.0 (section numbers below), and what GitHub's code scanning asks for beyond it. Columns count
Unicode code points (3.14.17). Not here: what is wrong (``source``).
"""

from collections.abc import Iterable
from urllib.parse import quote

from stagemail.model.location import Location
from stagemail.model.problem import Problem
from stagemail.report.codec import Json
from stagemail.report.envelope import written
from stagemail.report.escape import visible
from stagemail.report.fingerprints import fingerprinted
from stagemail.report.problems import in_order, sentence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The base of relative URIs (3.4.4); GitHub reads it as the repository's root."""


def sarif(problems: Iterable[Problem], *, version: str = "") -> str:
    """All problems as one run of this tool. ``version``: stagemail's own."""
    ordered = in_order(problems)
    codes = sorted({problem.code for problem in ordered})
    driver: dict[str, Json] = {"name": "stagemail", "rules": [_rule(code) for code in codes]}
    if version:
        driver["version"] = version
    results = [
        _result(problem, codes.index(problem.code), f"{fingerprint}:{number}")
        for problem, fingerprint, number in fingerprinted(ordered)
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    return written({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> Json:
    """A rule (3.49). Its words are the code's, because the sentence that explains it stands in each result."""
    words = code.replace("-", " ")
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in code.split("-")),
        "shortDescription": {"text": words.capitalize()},
        "fullDescription": {"text": f"stagemail validate: {words}"},
        "help": {"text": "Each result says what to write instead."},
    }


def _result(problem: Problem, rule: int, fingerprint: str) -> Json:
    """One problem (3.27); its fingerprint keeps an alert the same when lines move (3.27.17)."""
    result: dict[str, Json] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": _message(sentence(problem))},
        "locations": [_location(problem.location)],
        "partialFingerprints": {"stagemail/v1": fingerprint},
    }
    if problem.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related), "message": {"text": "the other place"}}
            for number, related in enumerate(problem.related, 1)
        ]
    return result


def _message(text: str) -> str:
    """A plain text message: literal braces are doubled (3.11.5), and nothing reads as an embedded link (3.11.6)."""
    shown = visible(text).replace("{", "{{").replace("}", "}}")
    if "](" not in shown:
        return shown
    return shown.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(location: Location) -> Json:
    artifact = {"uri": quote(location.path or ".", errors="surrogatepass"), "uriBaseId": ROOT}
    physical: dict[str, Json] = {"artifactLocation": artifact}
    if location.line:
        column = {"startColumn": location.column} if location.column else {}
        physical["region"] = {"startLine": location.line, **column}
    return {"physicalLocation": physical}
