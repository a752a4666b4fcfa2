"""The time that one read of a secret store may take in all, its login and its tries included.

The SDKs bound each wait for bytes and not the whole: an answer of which a byte comes every few seconds would never end.
All of them stand on urllib3, whose connections here ask before each wait how long it may still take.
Not here: how much is read (``bounded``), how long one wait may take (each store's own module), looking names up.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError

from stagemail.errors import StagemailError, Unreachable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.ports import SecretStore

_own = threading.local()


class Ended(TimeoutError):
    """The time of this thread is over."""


@contextmanager
def within(seconds: float) -> Iterator[Callable[[], bool]]:
    """What this thread waits for inside ends after so many seconds of real time. Gives whether they are over."""
    before, end = getattr(_own, "end", None), time.monotonic() + seconds
    _own.end = end
    try:
        yield lambda: time.monotonic() >= end
    finally:
        _own.end = before


def _left(timeout: float | None) -> float | None:
    """The seconds that one wait may take now. Raises Ended."""
    end = getattr(_own, "end", None)
    if end is None:
        return timeout
    left = float(end - time.monotonic())
    if left <= 0:
        raise Ended("the answer takes too long in all")
    return left if timeout is None else min(timeout, left)


class _Socket:
    """A socket that asks before each wait."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def sendall(self, data: Any, *flags: int) -> None:
        """See ``socket.sendall``."""
        self._inner.settimeout(_left(self._inner.gettimeout()))
        self._inner.sendall(data, *flags)

    def makefile(self, mode: str = "rb", buffering: int | None = None, **_text: Any) -> Any:
        """See ``socket.makefile``; HTTP is only ever read in bytes here."""
        file = _File(self._inner, self._inner.makefile(mode, buffering=0))
        return file if buffering == 0 else io.BufferedReader(file)


class _File(io.RawIOBase):
    """What a socket's file reads, wait by wait."""

    def __init__(self, socket: Any, inner: Any) -> None:
        self._socket, self._inner = socket, inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(_left(self._socket.gettimeout()))
        count: int | None = self._inner.readinto(buffer)
        return count

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Connection(HTTPConnection):
    """What is put before another connection of urllib3."""

    sock: Any

    def _new_conn(self) -> Any:
        try:
            _left(None)
        except Ended:
            raise ConnectTimeoutError(self, "the answer takes too long in all") from None
        return _Socket(super()._new_conn())

    def connect(self) -> None:
        """As urllib3's; what TLS has made of the socket asks, too."""
        super().connect()
        if not isinstance(self.sock, _Socket):
            self.sock = _Socket(self.sock)


def end(manager: Any) -> None:
    """Let every connection that a pool manager of urllib3 makes from now on end in time."""
    kinds = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: ending(kind) for scheme, kind in kinds.items()}


def ending(pool: Any) -> Any:
    """The class of a connection pool whose connections end in time."""
    inner = pool.ConnectionCls
    if issubclass(inner, _Connection):
        return pool
    connection = type(inner.__name__, (_Connection, inner), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class InTime:
    """Implements ``ports.SecretStore`` by another store, whose every read ends after ``seconds`` in all."""

    def __init__(self, store: SecretStore, seconds: float) -> None:
        self._store, self._seconds = store, seconds

    def read(self, ref: SecretRef) -> SecretVersion:
        """As the store; Unreachable where its answer was not whole in time, whatever the store makes of that."""
        with within(self._seconds) as is_over:
            try:
                return self._store.read(ref)
            except StagemailError:
                if not is_over():
                    raise
        raise Unreachable(
            f"{self.origin(ref)}: no whole answer came within {self._seconds:g} s",
            hint="check the network and the store; one that needs longer is given it by `timeout` of the store",
        )

    def origin(self, ref: SecretRef) -> str:
        """As the store."""
        return self._store.origin(ref)
