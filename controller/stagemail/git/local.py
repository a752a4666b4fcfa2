"""One git process that only reads this machine's repository: bounded output, a time limit, no shell, no thread.

GitPython takes longer to load than most commands take to run, so reading goes this way and everything else through it
(``by_gitpython``). Not here: which commands only read, what protects them (``command``).
"""

import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ERRORS_KEPT: Final = 64 * 1024
"""Bytes of git's complaints that are kept."""
_CHUNK: Final = 256 * 1024


class Answer:
    """Keeps at most ``limit`` bytes and swallows the rest, so that git can end."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.overflow = False
        self._limit = limit

    def write(self, chunk: bytes) -> int:
        """Take a part."""
        if len(self.data) + len(chunk) > self._limit:
            self.overflow = True
            self.data.clear()
            self._limit = 0
        else:
            self.data += chunk
        return len(chunk)


def ran(
    command: Sequence[str], at: Path, environment: Mapping[str, str], answer: Answer, *, stdin: bytes, timeout: float
) -> tuple[int, str]:
    """Run it and give status and errors; the latter begin with "Timeout:" where it was ended after ``timeout`` seconds.

    ``environment`` is all that it gets. Raises FileNotFoundError where there is no such program.
    """
    errors = Answer(ERRORS_KEPT)
    given = _file_of(stdin)
    try:
        with subprocess.Popen(
            command, cwd=at, env=environment, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            in_time = _drained(process, answer, errors, time.monotonic() + timeout)
            if not in_time:
                process.kill()
    finally:
        if given != subprocess.DEVNULL:
            os.close(given)
    if not in_time:
        return process.returncode, f"Timeout: the command did not end in {timeout:g} s"
    return process.returncode, errors.data.decode("utf-8", "replace")


def _file_of(data: bytes) -> int:
    """A descriptor to read the bytes from. A file, not a pipe: git may answer before it has read everything."""
    if not data:
        return subprocess.DEVNULL
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return os.dup(file.fileno())


def _drained(process: subprocess.Popen[bytes], answer: Answer, errors: Answer, deadline: float) -> bool:
    """Whether both ends were closed, and the process ended, before the deadline."""
    with selectors.DefaultSelector() as selector:
        for pipe, kept in ((process.stdout, answer), (process.stderr, errors)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, kept)
        while selector.get_map():
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                return False
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                if chunk:
                    key.data.write(chunk)
                else:
                    selector.unregister(key.fileobj)
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True
