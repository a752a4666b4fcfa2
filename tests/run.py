"""``python -m tests.run``: every test on all cores; fails under 93 % branch coverage. Arguments go to pytest.

Not here: lint and types (the Makefile runs them before).
"""

import sys

import pytest

COVERAGE = ["--cov", "--cov-config=pyproject.toml", "--cov-report=", "--cov-fail-under=93"]


def main() -> int:
    """Run pytest; its exit code is ours."""
    return int(pytest.main(["-n", "auto", "--dist", "worksteal", "-q", *COVERAGE, *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
