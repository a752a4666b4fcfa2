"""Every code of a finding that ``stagemail review`` can name, and which data on mail clients is in the package.

Not here: the rules themselves (``stagemail.review.rules``).
"""

from docs.generate.table import code, table
from stagemail.review.rules import GROUPS
from stagemail.review.support import MUCH, SOME, data


def findings() -> str:
    """A table for each group, sorted by code."""
    return "\n".join(
        f"### {title}\n\n"
        + table(
            ["code", "severity", "what it says", "what to write instead", "source"],
            [[code(name), rule.severity, rule.what, rule.instead, rule.source] for name, rule in sorted(rules.items())],
        )
        for title, rules in GROUPS.items()
    )


def clients() -> str:
    """The version of the data, and from which share on a feature is told."""
    found = data()
    return (
        f"In this version: {found.label}, {len(found.features)} features of HTML, CSS and images.\n"
        f"A feature that {MUCH} % or more of the clients do not support is a warning, from {SOME} % on a hint."
    )
