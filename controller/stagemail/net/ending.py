"""A network backend whose reads and writes end at a time of the thread's own, however slowly the other side drips.

The HTTP library bounds each wait for a byte, not the whole: headers of which a byte comes every few seconds would never
end. Not here: what is asked. Source: httpcore's page on network backends.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2


class Ending(httpcore2.NetworkBackend):
    """Hands on to another backend. A connection belongs to one request of one thread at a time (HTTP/1.1)."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()
        self._own = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What this thread reads and writes inside ends after so many seconds of real time, with a ReadTimeout."""
        self._own.end = time.monotonic() + seconds
        try:
            yield
        finally:
            self._own.end = None

    def left(self, timeout: float | None) -> float | None:
        """The seconds that one wait may take now. Raises ReadTimeout."""
        end = getattr(self._own, "end", None)
        if end is None:
            return timeout
        left = float(end - time.monotonic())
        if left <= 0:
            raise httpcore2.ReadTimeout("the answer takes too long in all")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """See ``NetworkBackend``."""
        made = self._inner.connect_tcp(host, port, self.left(timeout), local_address, socket_options)
        return EndingStream(made, self.left)


class EndingStream(httpcore2.NetworkStream):
    """``left`` tells how long one wait may take now, and raises where nothing is left."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Callable[[float | None], float | None]) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        made = self._inner.start_tls(ssl_context, server_hostname, self._left(timeout))
        return EndingStream(made, self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def bound(client: httpx2.Client, ending: Ending) -> httpx2.Client:
    """Let every connection of a client, also those through a proxy of the environment, end as ``ending`` says."""
    # The library has no public way to its backend; where it calls it something else, the tests say so.
    inside = vars(client)
    for transport in (inside.get("_transport"), *inside.get("_mounts", {}).values()):
        if isinstance(transport, httpx2.HTTPTransport):
            vars(vars(transport).get("_pool", ending))["_network_backend"] = ending
    return client


def connections(client: httpx2.Client, url: httpx2.URL) -> httpcore2.ConnectionPool:
    """What makes connections as a client would make them to this address, also through a proxy of the environment."""
    found = vars(httpx2.Client)["_transport_for_url"](client, url)  # as in ``bound``: no public way
    pool: httpcore2.ConnectionPool = vars(found)["_pool"]
    return pool
