"""One git process that only reads this machine's repository: bounded output, a time limit, no shell, no thread.

GitPython takes longer to load than most commands take to run, so reading goes this way and everything else through it
(``by_gitpython``). Not here: which commands only read, what protects them (``command``).
"""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
        self.limit = limit
        self._room = limit

    def write(self, chunk: bytes) -> int:
        """Take a part."""
        if len(self.data) + len(chunk) > self._room:
            self.overflow = True
            self.data.clear()
            self._room = 0
        else:
            self.data += chunk
        return len(chunk)


def ran(
    command: Sequence[str], at: Path, environment: Mapping[str, str], answer: Answer, *, stdin: bytes, timeout: float
) -> tuple[int, str]:
    """Run it and give status and errors; the latter begin with "Timeout:" where it was ended after ``timeout`` seconds.

    ``environment`` is all that it gets. Raises FileNotFoundError where there is no such program.
    """
    with running(command, at, environment, answer, stdin=stdin, timeout=timeout) as ended:
        return ended()


@contextmanager
def running(
    command: Sequence[str], at: Path, environment: Mapping[str, str], answer: Answer, *, stdin: bytes, timeout: float
) -> Iterator[Callable[[], tuple[int, str]]]:
    """As ``ran``, and what is given waits for it; the time counts from there. It is over with the context."""
    errors = Answer(ERRORS_KEPT)
    given = subprocess.PIPE if stdin else subprocess.DEVNULL
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=at, env=environment, stdin=given, stdout=pipe, stderr=pipe) as process:

        def ended() -> tuple[int, str]:
            if _exchanged(process, stdin, answer, errors, time.monotonic() + timeout):
                return process.returncode, errors.data.decode("utf-8", "replace")
            process.kill()
            process.wait()
            return process.returncode, f"Timeout: the command did not end in {timeout:g} s"

        try:
            yield ended
        finally:
            if process.returncode is None:
                process.kill()


def _exchanged(process: "subprocess.Popen[bytes]", stdin: bytes, answer: Answer, errors: Answer, end: float) -> bool:
    """Write and read in turns, as git is ready. Whether everything was closed, and the process over, before the end."""
    left = memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        for pipe, kept in ((process.stdout, answer), (process.stderr, errors)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, kept)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            seconds = end - time.monotonic()
            ready = selector.select(seconds) if seconds > 0 else []
            if not ready:
                return False
            for key, _ in ready:
                if key.data is None:
                    left = _written(key.fd, left)
                    if not left and process.stdin is not None:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                elif chunk := os.read(key.fd, _CHUNK):
                    key.data.write(chunk)
                else:
                    selector.unregister(key.fileobj)
    return _is_over(process, end)


def _is_over(process: "subprocess.Popen[bytes]", end: float) -> bool:
    """Whether it is over before the end. ``Popen.wait`` with a time looks only every now and then."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or an old one; or it is over
        descriptor = None
    if descriptor is not None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(descriptor, selectors.EVENT_READ)
                selector.select(max(0.0, end - time.monotonic()))
        finally:
            os.close(descriptor)
    try:
        process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _written(to: int, data: memoryview) -> memoryview:
    """What is left to write. Nothing is where the reader has ended: its status and errors say why."""
    try:
        return data[os.write(to, data[:_CHUNK]) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return data[:0]
