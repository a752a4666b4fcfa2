"""Sends one request and gives its answer, within bounds: no redirects, no foreign host, a size, a time, and no write
where the target is read-only. Every request of the target goes through the guard here.

It asks the connections of the HTTP library itself: what its client adds (redirects, cookies, authentication, unpacking)
is what is refused here, and cost more than the request. Not here: retries, tokens, limits (``client``).
"""

import json as plain
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpcore2
import httpx2

from stagemail.errors import ReadOnly, Unreachable, UsageError
from stagemail.net.ending import Ending, bound, connections
from stagemail.target.odc.auth import LOOPBACK

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of an answer's body."""
MAX_SECONDS: Final = 120.0
"""Seconds of real time that one request and its answer may take in all, however slowly they drip."""
KEPT: Final = 3.0
"""Seconds that a connection which nobody uses is kept."""
TIMEOUT: Final = httpx2.Timeout(connect=10.0, read=30.0, write=30.0, pool=60.0)

NOT_SENT: Final = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.UnsupportedProtocol)
"""Errors after which a request was certainly not received."""
NO_ANSWER: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)

Headers = tuple[tuple[bytes, bytes], ...]
COMMON: Final[Headers] = (
    (b"Accept-Encoding", b"identity"),
    (b"Connection", b"keep-alive"),
    (b"User-Agent", b"stagemail"),
)
"""Headers of every request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read to its end. Its body may hold what no log should."""

    status: int
    content_type: str
    retry_after: str | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Address:
    """An address as people write it, as it is asked, and the host that a request must name (RFC 9110, 7.2)."""

    url: httpx2.URL
    text: str
    asked: httpcore2.URL
    host: bytes


class Transport:
    """HTTP to one organization. ``base`` is scheme and host. Thread-safe; ``close`` ends its connections."""

    def __init__(self, base: str, *, read_only: bool, ca_file: Path | None = None) -> None:
        self.read_only = read_only
        self.base = base
        self._ca_file = ca_file
        self._tokens: set[str] = set()
        self._client: httpx2.Client | None = None
        self._idle: deque[tuple[float, httpcore2.ConnectionInterface]] = deque()
        self._lock = threading.Lock()
        self._ending = Ending()

    def allow_tokens(self, endpoint: str) -> None:
        """Let POSTs to this token endpoint pass, on whichever host it is and although the target is read-only."""
        self._tokens.add(str(httpx2.URL(endpoint)))

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Headers = COMMON,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request and its answer. Raises httpcore2's errors; ReadOnly and UsageError before anything is sent."""
        address = _address(url, tuple(params.items()) if params else ())
        self.guard(method, address)
        described, content = _content(json, data)
        asked = httpcore2.Request(
            method,
            address.asked,
            headers=[(b"Host", address.host), *headers, *described],
            content=content,
            extensions={"timeout": TIMEOUT.as_dict()},
        )
        with self._ending.within(MAX_SECONDS), self._lent(address) as connection:
            response = connection.handle_request(asked)
            try:
                body = _read(response, address)
            finally:
                response.close()
        told = _values(response, b"retry-after")
        return Answer(response.status, _values(response, b"content-type"), told or None, body)

    def close(self) -> None:
        """End the connections; the next request opens new ones."""
        with self._lock:
            idle, self._idle = self._idle, deque()
            client, self._client = self._client, None
        for _, connection in idle:
            connection.close()
        if client is not None:
            client.close()

    def guard(self, method: str, address: _Address) -> None:
        """Refuse what must not leave: a write where the target is read-only, anything to a foreign host."""
        if address.text in self._tokens:
            return
        if self.read_only and method != "GET":
            raise ReadOnly(
                f"the target is read-only: {method} {address.url.path} was not sent",
                hint="set `readOnly: false` in the operator file once stagemail may write",
            )
        if not address.text.startswith(f"{self.base}/"):
            raise UsageError(f"a request to {address.url.host} was not sent: it is not the organization's host")

    @contextmanager
    def _lent(self, address: _Address) -> Iterator[httpcore2.ConnectionInterface]:
        """The connection that was used last and is still open, or a new one, for one request of one thread."""
        idle, connection = self._idle, None
        while connection is None:
            with self._lock:
                connection = idle.pop()[1] if idle else None
            if connection is None:
                connection = connections(self._opened(), address.url).create_connection(address.asked.origin)
            elif connection.has_expired() or not connection.can_handle_request(address.asked.origin):
                connection.close()
                connection = None
        try:
            yield connection
        finally:
            self._given_back(connection, idle)

    def _given_back(
        self, connection: httpcore2.ConnectionInterface, idle: deque[tuple[float, httpcore2.ConnectionInterface]]
    ) -> None:
        """Keep it, unless it or we were closed meanwhile; end the one that nobody used for longest, if for too long."""
        now = time.monotonic()
        with self._lock:
            over = None if self._idle is idle and connection.is_idle() and not connection.is_closed() else connection
            if over is None:
                idle.append((now, connection))
                over = idle.popleft()[1] if now - idle[0][0] > KEPT else None
        if over is not None:
            over.close()

    def _opened(self) -> httpx2.Client:
        """What knows the proxies of the environment, and what TLS needs."""
        with self._lock:
            if self._client is None:
                made = httpx2.Client(
                    verify=_context(self._ca_file),
                    trust_env=urlsplit(self.base).hostname not in LOOPBACK,  # no proxy for this machine
                    limits=httpx2.Limits(keepalive_expiry=KEPT),
                )
                self._client = bound(made, self._ending)
            return self._client


def _read(response: httpcore2.Response, address: _Address) -> bytes:
    if encodings := _values(response, b"content-encoding").lower().replace("identity", "").strip(" ,"):
        # It is asked for plain, and 64 KB of the wire may be packed so that they become gigabytes.
        raise Unreachable(
            f"{address.url.path}: the answer is compressed ({encodings[:40]}) and was not unpacked",
            hint="look at `domain` and what stands between: no proxy may compress what is asked for as `identity`",
        )
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise Unreachable(
                f"{address.url.path}: the answer is larger than {MAX_BODY} bytes",
                hint="look at `domain` and what stands between, such as a proxy",
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _values(response: httpcore2.Response, name: bytes) -> str:
    """A header's values, "" where it is not there."""
    return ", ".join(value.decode("latin-1") for key, value in response.headers if key.lower() == name)


def _content(json: Any, data: Mapping[str, str] | None) -> tuple[Headers, bytes]:
    """What is sent, and the headers that describe it."""
    if json is not None:
        kind, content = b"application/json", plain.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
    elif data is not None:
        kind, content = b"application/x-www-form-urlencoded", urlencode(data).encode()
    else:
        return (), b""
    return ((b"Content-Type", kind), (b"Content-Length", b"%d" % len(content))), content


@lru_cache(maxsize=8192)
def _address(url: str, params: tuple[tuple[str, str | int], ...]) -> _Address:
    """An app is asked for many times in a run, and reading its address costs as much as sending it does."""
    found = httpx2.URL(url, params=dict(params)) if params else httpx2.URL(url)
    asked = httpcore2.URL(scheme=found.raw_scheme, host=found.raw_host, port=found.port, target=found.raw_path)
    return _Address(found, str(found), asked, found.netloc)


@lru_cache(maxsize=8)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS with the system's authorities and this one; made once for all, because reading them takes 35 ms."""
    context = httpx2.create_ssl_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            hint = "`caFile` must be a readable file with certificates in PEM format"
            raise UsageError(f"{ca_file}: no certificate authority can be read from it", hint=hint) from None
    return context


def base_of(domain: str) -> str:
    """Scheme and host of an organization's domain. Plain http only on loopback (the emulator). Raises UsageError."""
    url = domain.rstrip("/") if "://" in domain else f"https://{domain.rstrip('/')}"
    parts = urlsplit(url)
    allowed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not parts.hostname or not allowed or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        hint = "write the host of the ODC Portal, e.g. `domain: example.outsystems.dev`; http only for 127.0.0.1"
        raise UsageError(f"`{domain}` is not the domain of an ODC organization", hint=hint)
    return str(httpx2.URL(url)).rstrip("/")
