"""The controller's side of the process that listens: starts it, starts it again, answers it, and ends it.

What comes from the port is parsed there, with a lower priority and without any credential of a platform or the record:
a flood, or a defect in a web library, costs the loop neither its time nor its secrets.
Not here: what hints and pages are (they are handed in).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from stagemail.errors import UsageError
from stagemail.web.hooks import Hook
from stagemail.web.pushes import Push

PAUSES: Final = (0.1, 1.0, 5.0, 30.0)
"""Seconds before it is started again, longer each time in a row."""
LONGEST_LINE: Final = 64 * 1024
END: Final = 4.0
"""Seconds in which it must have ended."""
KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "PYTHONUTF8", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")
"""All that it sees of the environment: the controller's may hold credentials."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the controller does with what comes in; called from one thread, must not block for long.

    ``pushed`` takes a verified push, ``page`` gives status and body, ``complain`` one sentence for the log.
    """

    pushed: Callable[[Push], None]
    page: Callable[[str], tuple[int, str]]
    complain: Callable[[str], None]


class Edge:
    """One listening process. ``start`` binds the port first, so that a wrong address is told at once."""

    def __init__(self, host: str, port: int, hooks: Callable[[], Sequence[Hook]], answers: Answers) -> None:
        self._address = (host, port)
        self._hooks = hooks
        self._answers = answers
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._listening: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen; gives the port. Raises UsageError where the address cannot be used."""
        try:
            self._listening = _bound(*self._address)
        except (OSError, OverflowError) as error:
            host, port = self._address
            why = (error.strerror if isinstance(error, OSError) else "") or "no such address"
            raise UsageError(
                f"cannot listen on {host}:{port}: {why}",
                hint="name another address below `web.listen` in the operator file",
            ) from None
        self._thread = threading.Thread(target=self._run, args=[self._listening], name="stagemail-edge", daemon=True)
        self._thread.start()
        return int(self._listening.getsockname()[1])

    def tell_hooks(self) -> None:
        """Hand on the hooks as they are now: their secrets may have changed."""
        hooks = [{"name": h.name, "type": h.type, "secret": h.secret.reveal()} for h in self._hooks()]
        with self._lock:
            if self._link is not None:
                self._link.sendall(json.dumps({"hooks": hooks}).encode() + b"\n")

    def stop(self) -> None:
        """End the process and wait for it."""
        self._ending.set()
        self._hang_up()
        if self._thread is not None:
            self._thread.join(END + 1.0)
        if self._listening is not None:
            self._listening.close()

    @property
    def process(self) -> int | None:
        """The process's id, None while there is none."""
        return self._process.pid if self._process is not None else None

    def _run(self, listening: socket.socket) -> None:
        tries = 0
        while not self._ending.is_set():
            lines = self._serve_once(listening)
            if self._ending.is_set():
                return
            tries = 0 if lines else min(tries + 1, len(PAUSES) - 1)
            self._answers.complain(f"the web process ended; it is started again in {PAUSES[tries]:g} s")
            self._ending.wait(PAUSES[tries])

    def _serve_once(self, listening: socket.socket) -> int:
        """One life of the process; gives how many of its messages were answered."""
        ours, theirs = socket.socketpair()
        descriptors = (listening.fileno(), theirs.fileno())
        with self._lock:
            self._link = ours
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "stagemail.web", *map(str, descriptors)],
            pass_fds=descriptors, stdin=subprocess.DEVNULL,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
        )  # fmt: skip
        theirs.close()
        answered = 0
        try:
            self.tell_hooks()
            with ours.makefile("rb") as lines:
                while line := lines.readline(LONGEST_LINE):
                    self._answer(json.loads(line))
                    answered += 1
        except (OSError, ValueError) as error:
            self._answers.complain(f"the line to the web process broke: {type(error).__name__}")
        finally:
            self._hang_up()
            self._end()
        return answered

    def _answer(self, said: dict[str, Any]) -> None:
        if "push" in said:
            push = said["push"]
            self._answers.pushed(Push(push["hook"], push["repository"], tuple(push["branches"])))
            return
        try:
            status, body = self._answers.page(said["page"])
        except Exception as error:  # noqa: BLE001 - a page that fails must not end the line
            status, body = 500, f"this page failed: {type(error).__name__}\n"
        answer = json.dumps({"number": said["number"], "status": status, "body": body})
        with self._lock:
            if self._link is not None:
                self._link.sendall(answer.encode() + b"\n")

    def _hang_up(self) -> None:
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            with suppress(OSError):  # it hung up first
                link.shutdown(socket.SHUT_RDWR)
            link.close()

    def _end(self) -> None:
        """The process ends when its line does; one that does not is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(END)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError):  # a port above 65535 is the latter
        made.close()
        raise
    return made
