"""One process: what it is given, what it answers, how long it may take. Bounded in bytes and seconds.

Not here: what is run, and in which environment (``command``).
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

MOST_ERRORS: Final = 64 * 1024
"""Bytes of complaints that are kept."""
_PART: Final = 1024 * 1024


class Talk:
    """What goes into a process, and what came out of it: at most ``limit`` bytes, or ``overflow`` and none."""

    def __init__(self, stdin: bytes, limit: int) -> None:
        self.output = bytearray()
        self.errors = bytearray()
        self.overflow = False
        self._limit = limit
        self._left = memoryview(stdin)

    @property
    def has_input(self) -> bool:
        """Whether it is given anything."""
        return bool(self._left)

    def read(self, pipe: IO[bytes], *, complaints: bool) -> bool:
        """Take what is there; False at the end."""
        part = os.read(pipe.fileno(), _PART)
        if complaints:
            self.errors += part[: MOST_ERRORS - len(self.errors)]
        elif self.overflow or len(self.output) + len(part) > self._limit:
            self.overflow = True  # swallow the rest, so that the process can end
            self.output.clear()
        else:
            self.output += part
        return bool(part)

    def write(self, pipe: IO[bytes]) -> bool:
        """Give what it takes; False when all was given, or nobody reads."""
        try:
            self._left = self._left[os.write(pipe.fileno(), self._left[:_PART]) :]
        except BrokenPipeError:
            return False
        return bool(self._left)


def run(command: Sequence[str], at: Path, environment: Mapping[str, str], talk: Talk, timeout: float) -> int | None:
    """Run it in a folder and wait for its end: its status, None where its time ran out. Raises OSError.

    It has a process group of its own, which is killed as a whole: after the time, and where we are interrupted.
    """
    pipe = subprocess.PIPE
    given = pipe if talk.has_input else subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=at, env=environment, stdin=given, stdout=pipe, stderr=pipe, process_group=0
    ) as process:
        end = time.monotonic() + timeout
        status: int | None = None
        try:
            if _talked(process, talk, end):
                status = process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            if status is None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
    return status


def _talked(process: subprocess.Popen[bytes], talk: Talk, end: float) -> bool:
    """Give and take until it has closed its answers; False where the time ran out."""
    pipes = {pipe.fileno(): pipe for pipe in (process.stdout, process.stderr, process.stdin) if pipe is not None}
    with selectors.DefaultSelector() as selector:
        for number, pipe in pipes.items():
            os.set_blocking(number, False)
            selector.register(number, selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ)
        while selector.get_map():
            left = end - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                return False
            for key, _ in ready:
                if not _moved(process, pipes[key.fd], talk):
                    selector.unregister(key.fd)
                    pipes[key.fd].close()
    return True


def _moved(process: subprocess.Popen[bytes], pipe: IO[bytes], talk: Talk) -> bool:
    return talk.write(pipe) if pipe is process.stdin else talk.read(pipe, complaints=pipe is process.stderr)
