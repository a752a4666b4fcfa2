"""How much one tree may hold: bounds on time and memory, counted while listing and before reading.

Not here: bounds on one file's contents (``document.limits``).
"""

from stagemail.dataclass import dataclass
from stagemail.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Quota:
    """``files`` counts YAML files, ``visited`` everything looked at; ``file`` and ``total`` are bytes."""

    files: int = 20_000
    file: int = 1024 * 1024
    total: int = 256 * 1024 * 1024
    visited: int = 500_000
    depth: int = 32

    def check_visited(self, visited: int) -> None:
        """Raise InvalidInput where the folders hold too much to look at."""
        if visited > self.visited:
            raise InvalidInput(
                f"the folders hold more than {self.visited:,} files.", hint="Name only the folders of stages."
            )

    def check(self, files: int, total: int) -> None:
        """Raise InvalidInput where there are too many YAML files, or too large ones together."""
        hint = "Name only the folders of stages, or split the repository."
        if files > self.files:
            raise InvalidInput(f"there are more than {self.files:,} YAML files.", hint=hint)
        if total > self.total:
            raise InvalidInput(f"the YAML files have more than {self.total:,} bytes together.", hint=hint)
