"""Problems as a Markdown summary, for a job's page or a comment.

Not here: annotations on the lines themselves (``annotations``).
"""

from collections.abc import Iterable

from stagemail.model.problem import Problem
from stagemail.report.markdown import code, prose, table
from stagemail.report.problems import counts_text, in_order, sentence

LIMIT = 60_000
"""Characters; a comment on GitHub holds 65,536."""


def problems_markdown(problems: Iterable[Problem], *, limit: int = LIMIT) -> str:
    """The counts, then a row per problem; what does not fit is counted."""
    ordered = in_order(problems)
    head = f"### Validation: {counts_text(ordered)}\n"
    rows: list[tuple[str, str, str]] = []
    size = len(head) + 200
    for problem in ordered:
        also = "".join(f" (see also {code(str(related))})" for related in problem.related)
        row = (problem.severity, code(str(problem.location)), f"{prose(sentence(problem))}{also}")
        size += sum(map(len, row)) + 16
        if size > limit:
            break
        rows.append(row)
    rest = len(ordered) - len(rows)
    parts = [head, table(("", "Where", "What, and what to write instead"), rows)]
    parts.append(f"{rest} more: `stagemail validate` shows all.\n" if rest else "")
    return "\n".join(part for part in parts if part)
