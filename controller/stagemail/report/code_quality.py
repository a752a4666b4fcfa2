"""Problems as a Code Quality report of GitLab, which shows each on its line of the merge request.

Source: GitLab docs, "Code Quality report format": a list of description, check_name, fingerprint, severity, location.
Not here: what is wrong (``source``).
"""

from collections.abc import Iterable

from stagemail.model.problem import Problem
from stagemail.report.codec import Json
from stagemail.report.envelope import written
from stagemail.report.escape import visible
from stagemail.report.fingerprints import fingerprinted
from stagemail.report.problems import in_order, sentence

SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}
FIRST_LINE = 1
"""GitLab wants a line; a problem of a whole file is shown on its first."""


def code_quality(problems: Iterable[Problem]) -> str:
    """All problems in the order of files and lines; an empty list where there are none."""
    return written([_entry(*found) for found in fingerprinted(in_order(problems))])


def _entry(problem: Problem, fingerprint: str, number: int) -> Json:
    where = problem.location
    also = "".join(f" (see also {related})" for related in problem.related)
    return {
        "description": visible(sentence(problem) + also),
        "check_name": problem.code,
        "fingerprint": f"{fingerprint}:{number}",
        "severity": SEVERITIES[problem.severity],
        "location": {"path": visible(where.path or "."), "lines": {"begin": where.line or FIRST_LINE}},
    }
