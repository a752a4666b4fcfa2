"""A TCP proxy that does to connections what networks do: cuts, half-closes, delays, drips, goes silent, garbles.

One rule at a time says which connections are hit, and when. Not here: what is spoken through it.
"""

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

Kind = Literal["refuse", "cut", "half-close", "delay", "drip", "hold", "garbage"]
KINDS: Final[tuple[Kind, ...]] = ("refuse", "cut", "half-close", "delay", "drip", "hold", "garbage")
CHUNK: Final = 65536
Side = Literal["request", "answer"]


@dataclass(slots=True)
class Rule:
    """What happens to the next ``times`` connections (0: all) on which ``when`` was asked for.

    ``side``: what is hit, what the client sends or what it gets; from its ``after``-th byte past ``when`` on.
    ``seconds``: of a delay, and between two bytes of a drip. ``hits`` counts.
    """

    kind: Kind
    side: Side = "answer"
    when: bytes = b""
    after: int = 0
    times: int = 1
    seconds: float = 0.05
    hits: int = 0


class Proxy:
    """Listens on a loopback port (0: a free one) and hands on to ``target``: an address, or the path of a Unix socket.

    ``listen``: a path to listen on instead of a port.
    """

    def __init__(self, target: tuple[str, int] | str, *, listen: str = "", port: int = 0, seed: int = 1) -> None:
        self._target = target
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._ended = threading.Event()
        self.rule: Rule | None = None
        self.connections = 0
        self._listening = socket.socket(socket.AF_UNIX if listen else socket.AF_INET)
        if listen:
            self._listening.bind(listen)
        else:
            self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listening.bind(("127.0.0.1", port))
        self._listening.listen(128)
        self.port = 0 if listen else int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(120)
        self.cut_all()

    def does(self, kind: Kind, side: Side = "answer", **options: object) -> Rule:
        """Order a rule in place of the one before."""
        self.rule = Rule(kind, side, **options)  # type: ignore[arg-type]
        return self.rule

    def calm(self) -> None:
        """Hand everything on again; what is held or dripping is cut."""
        rule, self.rule = self.rule, None
        if rule is not None:
            self.cut_all()

    def cut_all(self) -> None:
        """End every connection now, without a word."""
        with self._lock:
            found, self._open = self._open, set()
        for each in found:
            _reset(each)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            rule = self.rule
            if rule is not None and rule.kind == "refuse" and self._hits(rule):
                _reset(near)
                continue
            try:
                far = socket.socket(socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET)
                far.connect(self._target)
            except OSError:
                _reset(near)
                continue
            with self._lock:
                self._open |= {near, far}
            line = _Line(self, near, far)
            for side in ("request", "answer"):
                threading.Thread(target=line.pump, args=[side], daemon=True).start()

    def _hits(self, rule: Rule) -> bool:
        with self._lock:
            if rule is not self.rule or (rule.times and rule.hits >= rule.times):
                return False
            rule.hits += 1
            return True

    def wait_while_held(self, rule: Rule | None, side: Side) -> None:
        """A side that went silent does not hang up either, as long as the rule stands."""
        while rule is not None and (rule.kind, rule.side) == ("hold", side) and rule is self.rule:
            if self._ended.wait(0.02):
                return

    def noise(self, length: int) -> bytes:
        """Bytes that mean nothing, the same in every run."""
        return self._random.randbytes(length)

    def over(self, *ends: socket.socket) -> None:
        """These are closed."""
        with self._lock:
            self._open -= set(ends)


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, near: socket.socket, far: socket.socket) -> None:
        self._proxy, self._near, self._far = proxy, near, far
        self._rule: Rule | None = None
        self._left = 0
        self._ends = 0
        self._lock = threading.Lock()

    def pump(self, side: Side) -> None:
        """Hand on what comes from one side until it ends."""
        source, sink = (self._near, self._far) if side == "request" else (self._far, self._near)
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if not self._hand_on(side, data, sink):
                    break
            self._proxy.wait_while_held(self._rule, side)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self._lock:
            self._ends += 1
            if self._ends < 2:
                return
        self._proxy.over(self._near, self._far)
        self._near.close()
        self._far.close()

    def _hand_on(self, side: Side, data: bytes, sink: socket.socket) -> bool:
        rule = self._rule or self._struck(side, data)
        if rule is None or rule.side != side:
            sink.sendall(data)
            return True
        good, rest = data[: self._left], data[self._left :]
        self._left -= len(good)
        if good:
            sink.sendall(good)
        return not rest or self._harm(rule, rest, sink)

    def _struck(self, side: Side, data: bytes) -> Rule | None:
        rule = self._proxy.rule
        asked = rule is not None and rule.kind != "refuse" and side == "request" and rule.when in data
        if rule is None or not asked or not self._proxy._hits(rule):
            return None
        self._rule, self._left = rule, rule.after
        return rule

    def _harm(self, rule: Rule, data: bytes, sink: socket.socket) -> bool:
        """Do it to these bytes; whether the connection goes on."""
        if rule.kind == "cut":
            _reset(self._near)
            _reset(self._far)
            return False
        if rule.kind == "half-close":
            return False
        if rule.kind == "hold":
            return True
        if rule.kind == "garbage":
            sink.sendall(self._proxy.noise(len(data)))
        elif rule.kind == "delay":
            time.sleep(rule.seconds)
            sink.sendall(data)
        else:
            for number in range(len(data)):
                sink.sendall(data[number : number + 1])
                time.sleep(rule.seconds)
        return True


def _reset(end: socket.socket) -> None:
    """Close with RST: what was under way is lost, as by a cable that is pulled."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
