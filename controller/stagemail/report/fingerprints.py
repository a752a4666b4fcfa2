"""What keeps a problem the same problem for code scanning and code quality while lines move around it.

Source: OASIS SARIF 2.1.0, 3.27.17; GitLab docs, "Code Quality report format" (fingerprints are unique in a report).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from stagemail.model.problem import Problem


def fingerprinted(problems: Iterable[Problem]) -> Iterator[tuple[Problem, str, int]]:
    """Each problem with its fingerprint, and how many with the same one there were up to here."""
    seen: Counter[str] = Counter()
    for problem in problems:
        found = fingerprint(problem)
        seen[found] += 1
        yield problem, found, seen[found]


def fingerprint(problem: Problem) -> str:
    """32 hexadecimal digits of the file, the code and the message; neither line nor column."""
    what = "\x00".join((problem.location.path, problem.code, problem.message))
    return hashlib.sha256(what.encode(errors="surrogatepass")).hexdigest()[:32]
