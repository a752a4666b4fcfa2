"""Sends one request and gives its answer, within bounds: no redirects, no foreign host, a size, a time, and no write
where the target is read-only. Every request of the target goes through the guard here.

Not here: retries, tokens, limits (``client``).
"""

import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from stagemail.errors import ReadOnly, Unreachable, UsageError
from stagemail.net.ending import Ending, bound
from stagemail.target.odc.auth import LOOPBACK

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of an answer's body."""
MAX_SECONDS: Final = 120.0
"""Seconds of real time that one request and its answer may take in all, however slowly they drip."""
KEPT: Final = 3.0
"""Seconds that a connection which nobody uses is kept."""
TIMEOUT: Final = httpx2.Timeout(connect=10.0, read=30.0, write=30.0, pool=60.0)

NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
"""Errors after which a request was certainly not received."""
NO_ANSWER: Final = (httpx2.TransportError, httpx2.DecodingError)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read to its end. Its body may hold what no log should."""

    status: int
    content_type: str
    retry_after: str | None
    body: bytes = field(repr=False)


class Transport:
    """HTTP to one organization. ``base`` is scheme and host. Thread-safe; ``close`` ends its connections."""

    def __init__(self, base: str, *, read_only: bool, ca_file: Path | None = None) -> None:
        self.read_only = read_only
        self.base = base
        self._ca_file = ca_file
        self._tokens: set[str] = set()
        self._idle: deque[tuple[float, httpx2.Client]] = deque()
        self._lock = threading.Lock()
        self._ending = Ending()

    def allow_tokens(self, endpoint: str) -> None:
        """Let POSTs to this token endpoint pass, on whichever host it is and although the target is read-only."""
        self._tokens.add(str(httpx2.URL(endpoint)))

    def headers(self, own: Mapping[str, str]) -> httpx2.Headers:
        """These headers and those of every request, for as many requests as there are with them."""
        with self._lent() as client:
            return client.headers | own

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: httpx2.Headers | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request and its answer. Raises httpx2's errors; ReadOnly and UsageError before anything is sent."""
        address = _parsed(url, tuple(params.items()) if params else ())
        with self._lent() as client, self._ending.within(MAX_SECONDS):
            request = httpx2.Request(method, address, headers=headers or client.headers, json=json, data=data)
            response = client.send(request, stream=True)
            try:
                body = self._read(response)
            finally:
                response.close()
        kind = response.headers.get("content-type", "")
        return Answer(response.status_code, kind, response.headers.get("retry-after"), body)

    def close(self) -> None:
        """End the connections; the next request opens new ones."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for _, client in idle:
            client.close()

    def guard(self, request: httpx2.Request) -> None:
        """Refuse what must not leave: a write where the target is read-only, anything to a foreign host."""
        url = str(request.url)
        if url in self._tokens:
            return
        if self.read_only and request.method != "GET":
            raise ReadOnly(
                f"the target is read-only: {request.method} {request.url.path} was not sent",
                hint="set `readOnly: false` in the operator file once stagemail may write",
            )
        if not url.startswith(f"{self.base}/"):
            raise UsageError(f"a request to {request.url.host} was not sent: it is not the organization's host")

    @contextmanager
    def _lent(self) -> Iterator[httpx2.Client]:
        """The client that was used last, for one request of one thread.

        Each has one connection: a client with many looks at all of them twice for every request.
        """
        with self._lock:
            idle = self._idle
            client = idle.pop()[1] if idle else None
        if client is None:
            client = self._made()
        try:
            yield client
        finally:
            self._given_back(client, idle)

    def _given_back(self, client: httpx2.Client, idle: deque[tuple[float, httpx2.Client]]) -> None:
        """Keep it, unless we were closed meanwhile; end the one that was not used for longest, if for too long."""
        now = time.monotonic()
        with self._lock:
            over = client if self._idle is not idle else None
            if over is None:
                idle.append((now, client))
                over = idle.popleft()[1] if now - idle[0][0] > KEPT else None
        if over is not None:
            over.close()

    def _made(self) -> httpx2.Client:
        loopback = urlsplit(self.base).hostname in LOOPBACK
        made = httpx2.Client(
            verify=_context(self._ca_file),
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=not loopback,  # proxies of the environment, but never for a server on this machine
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT),
            headers={"User-Agent": "stagemail", "Accept-Encoding": "identity"},
            event_hooks={"request": [self.guard]},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept or sent
        )
        return bound(made, self._ending)

    @staticmethod
    def _read(response: httpx2.Response) -> bytes:
        if encodings := response.headers.get("content-encoding", "").lower().replace("identity", "").strip(" ,"):
            # It is asked for plain, and 64 KB of the wire may be packed so that they become gigabytes.
            raise Unreachable(
                f"{response.request.url.path}: the answer is compressed ({encodings[:40]}) and was not unpacked",
                hint="look at `domain` and what stands between: no proxy may compress what is asked for as `identity`",
            )
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > MAX_BODY:
                raise Unreachable(
                    f"{response.request.url.path}: the answer is larger than {MAX_BODY} bytes",
                    hint="look at `domain` and what stands between, such as a proxy",
                )
            chunks.append(chunk)
        return b"".join(chunks)


@lru_cache(maxsize=8192)
def _parsed(url: str, params: tuple[tuple[str, str | int], ...]) -> httpx2.URL:
    """An app is asked for many times in a run, and reading its address costs as much as sending it does."""
    return httpx2.URL(url, params=dict(params)) if params else httpx2.URL(url)


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
