"""``python -m tests.run``: every test on all cores; fails under 93 % branch coverage.

One process more than cores: tests that drive processes wait for them a fifth of their time.
Arguments go to pytest; with arguments coverage is not asked for. Not here: lint and types (the Makefile runs them), and
which tests are measured and in what order they begin (``conftest``).
"""

import os
import sys

import pytest

COVERAGE = ("--cov", "--cov-config=pyproject.toml", "--cov-report=", "--cov-fail-under=93")
AGAIN = ("--max-suite-reruns=3", "--rerun-show-tracebacks")
"""Of the tests that ``conftest`` lets play once more: how many in one run, and that it is told what went wrong."""


def main(arguments: list[str]) -> int:
    """Run pytest; its exit code is ours."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile the product, each for itself
    sys.dont_write_bytecode = False
    processes = str(len(os.sched_getaffinity(0)) + 1)
    return int(pytest.main(["-n", processes, "--dist", "worksteal", "-q", *AGAIN, *(arguments or COVERAGE)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
