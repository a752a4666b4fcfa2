"""HTTP within egress rules: connections to addresses that were checked, which end in time however slowly they drip.

Proxies of the environment are not used: the address that was checked is the one that is connected to.
Not here: what is asked (``token``, ``mta_sts``).
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore2

from stagemail.mail.bounds import Bounds
from stagemail.mail.connecting import resolve
from stagemail.model.egress import Egress
from stagemail.net.ending import EndingStream


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
                return EndingStream(made, self._left)
        made = self._sync.connect_tcp(last.ip, last.port, limit, local_address, socket_options)
        return EndingStream(made, self._left)

    def _left(self, timeout: float | None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if timeout is None else min(timeout, left)
