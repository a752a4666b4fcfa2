"""Problems of the documents as text: one line each that an editor can jump to, and the counts.

Not here: other forms (``problems_json``, ``problems_markdown``, ``annotations``, ``sarif``).
"""

from collections import Counter
from collections.abc import Iterable

from stagemail.model.problem import Problem, Severity
from stagemail.report.sheet import Sheet, Style

TONES: dict[Severity, Style] = {"error": "red", "warning": "yellow", "note": "cyan"}


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted by place, without repetitions."""
    return tuple(sorted(set(problems)))


def sentence(problem: Problem) -> str:
    """What is wrong and what to write instead, as one text."""
    if not problem.remedy:
        return problem.message
    joint = ". " if problem.remedy[0].isupper() else ", "
    if problem.message.endswith((".", ",", ";", ":", "!", "?")):
        joint = " "
    return f"{problem.message}{joint}{problem.remedy}"


def counts_text(problems: Iterable[Problem]) -> str:
    """``2 errors, 1 warning``; ``no problems``."""
    counts = Counter(problem.severity for problem in problems)
    parts = [f"{counts[s]} {s}" + ("s" if counts[s] > 1 else "") for s in TONES if counts[s]]
    return ", ".join(parts) or "no problems"


def problems_text(problems: Iterable[Problem], *, width: int = 80, color: bool = False) -> str:
    """One paragraph per problem, ``file:line:column: message, what to write instead``, and the counts at the end."""
    sheet = Sheet(width, color=color)
    ordered = in_order(problems)
    for problem in ordered:
        severity = "" if problem.severity == "error" else f"{problem.severity}: "
        where = (f"{problem.location}:", TONES[problem.severity])
        sheet.line(where, f" {severity}{sentence(problem)}", (f"  [{problem.code}]", "dim"), hang=4)
        for related in problem.related:
            sheet.line(("see also ", "dim"), str(related), indent=4)
    sheet.line((counts_text(ordered), "bold"))
    return sheet.text()
