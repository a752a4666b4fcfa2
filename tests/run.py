"""``python -m tests.run``: every test on all cores; fails under 93 % branch coverage.

Arguments go to pytest; with arguments coverage is not asked for. Not here: lint and types (the Makefile runs them).
"""

import os
import sys

import pytest

COVERAGE = ("--cov", "--cov-config=pyproject.toml", "--cov-report=", "--cov-fail-under=93")


def main(arguments: list[str]) -> int:
    """Run pytest; its exit code is ours."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile the product, each for itself
    sys.dont_write_bytecode = False
    return int(pytest.main(["-n", "auto", "--dist", "worksteal", "-q", *(arguments or COVERAGE)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
