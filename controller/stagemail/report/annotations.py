"""Problems as workflow commands of GitHub Actions, which put each on its line of the pull request.

Source: GitHub docs, "Workflow commands for GitHub Actions"; the escapes are those of actions/toolkit. Not here: text.
"""

from collections.abc import Iterable

from stagemail.model.problem import Problem
from stagemail.report.escape import visible
from stagemail.report.problems import in_order, sentence

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_ORDER = list(COMMANDS)


def annotations(problems: Iterable[Problem]) -> str:
    """One command per problem, errors first, because GitHub shows only the first ten of each kind and step."""
    ordered = sorted(in_order(problems), key=lambda problem: _ORDER.index(problem.severity))
    return "".join(f"{_annotation(problem)}\n" for problem in ordered)


def _annotation(problem: Problem) -> str:
    where = problem.location
    properties = [("file", where.path)] if where.path else []
    properties += [("line", str(where.line))] if where.line else []
    properties += [("col", str(where.column))] if where.line and where.column else []
    properties.append(("title", problem.code))
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties)
    also = "".join(f" (see also {related})" for related in problem.related)
    return f"::{COMMANDS[problem.severity]} {listed}::{_data(sentence(problem) + also)}"


def _data(text: str) -> str:
    """The message: no line break or escape sequence can start a command of its own."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
