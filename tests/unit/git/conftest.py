"""Every test here has real repositories at hand."""

from tests.unit.git.repositories import clone, run_git, template

__all__ = ["clone", "run_git", "template"]
