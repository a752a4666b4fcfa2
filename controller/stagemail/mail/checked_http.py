"""HTTP within egress rules: connections to addresses that were checked, which end in time however slowly they drip.

Proxies of the environment are not used: the address that was checked is the one that is connected to.
Not here: what is asked (``token``, ``mta_sts``).
"""

import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore2

from stagemail.mail.bounds import Bounds
from stagemail.mail.connecting import resolve
from stagemail.model.egress import Egress


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to addresses that were checked, and ends what takes too long in all."""

    def __init__(self, egress: Egress, bounds: Bounds) -> None:
        self._egress = egress
        self._bounds = bounds
        self._end = time.monotonic() + bounds.total
        self._sync = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        limit = self._bounds.connect if timeout is None else min(timeout, self._bounds.connect)
        *first, last = resolve(host, port, self._egress, self._bounds)
        for address in first:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                made = self._sync.connect_tcp(address.ip, address.port, limit, local_address, socket_options)
                return _Stream(made, self._end)
        return _Stream(self._sync.connect_tcp(last.ip, last.port, limit, local_address, socket_options), self._end)


class _Stream(httpcore2.NetworkStream):
    """A stream that ends at a time, however slowly it drips."""

    def __init__(self, inner: httpcore2.NetworkStream, end: float) -> None:
        self._inner = inner
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._left(timeout)), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(timeout, left)
