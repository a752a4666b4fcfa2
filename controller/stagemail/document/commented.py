"""The comments of a YAML file, for whoever looks for what should not be in a repository at all.

Slow: only for files in which something was found already. Not here: what is looked for (``source.pasted``).
"""

from collections.abc import Iterator

import yaml


def comments(text: str) -> Iterator[tuple[int, int, str]]:
    """Each comment with its line and column, from 1; none of a file that is no YAML."""
    try:
        scalars = [token for token in yaml.scan(text, Loader=yaml.SafeLoader) if isinstance(token, yaml.ScalarToken)]
    except yaml.YAMLError:
        return
    inside = [(scalar.start_mark.index, scalar.end_mark.index) for scalar in scalars]
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        for column, character in enumerate(line):
            at = start + column
            if character == "#" and (not column or line[column - 1] in " \t"):
                if any(begin <= at < end for begin, end in inside):
                    continue
                yield number, column + 1, line[column:].rstrip()
                break
        start += len(line)
