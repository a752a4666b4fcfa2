"""A small disk that can be filled: a tmpfs, which only root may mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class Disk:
    """A disk of a few megabytes at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "somebody-elses"

    def fill(self) -> None:
        """Leave not one block."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)

    def free(self) -> None:
        """Give back what was taken."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def mounted(path: Path, size: str, *, mode: str = "700") -> Iterator[Disk]:
    """A disk of this size at ``path``; skips where none may be mounted."""
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode={mode}", "tmpfs", str(path)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("nothing may be mounted here")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
