"""Every test here has real repositories at hand."""

from tests.unit.git.repositories import clone, run_git, template
from tests.unit.git.signers import signers

__all__ = ["clone", "run_git", "signers", "template"]
