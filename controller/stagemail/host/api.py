"""One POST to a Git host's API: bounded, tried again where that may help, and never showing its token.

Not here: what the hosts call things (``statuses``).
"""

import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from stagemail.errors import NotFound, NotPermitted, RateLimited, TryLater, Unreachable, UsageError, UserMustFix
from stagemail.model.secret import Secret
from stagemail.net.ending import Ending, bound

TRIES: Final = 4
TIMEOUT: Final = httpx2.Timeout(10.0)
MAX_SECONDS: Final = 30.0
"""One request in all, however slowly its answer drips."""
LOOKED_AT: Final = 4096
"""Bytes of an answer."""
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_ALREADY: Final = b"Cannot transition status"
"""GitLab's answer where a commit has this status already."""


class HostApi:
    """The API of one host at ``base`` (https; http on loopback only). ``sleep`` waits between tries."""

    def __init__(
        self,
        base: str,
        headers: Callable[[], Mapping[str, str]],
        *,
        sleep: Callable[[float], None],
        verify: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(base)
        if parts.hostname is None or not (parts.scheme == "https" or parts.hostname in _LOOPBACK) or "@" in base:
            raise UsageError(f"`{base.rpartition('@')[2]}` is no API of a Git host", hint="write https://host/path")
        self._base = base.rstrip("/")
        self._headers = headers
        self._sleep = sleep
        self._verify: ssl.SSLContext | bool = verify or True
        self._on_this_machine = parts.hostname in _LOOPBACK

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Send it. Raises NotPermitted, NotFound, UserMustFix; Unreachable and RateLimited after some tries."""
        trying = Retrying(
            retry=retry_if_exception_type(TryLater),
            stop=stop_after_attempt(TRIES),
            sleep=self._sleep,
            reraise=True,
            wait=wait_exponential_jitter(initial=1.0, max=30.0),
        )
        trying(self._once, path, body)

    def _once(self, path: str, body: Mapping[str, Any]) -> None:
        client = httpx2.Client(
            verify=self._verify, timeout=TIMEOUT, follow_redirects=False, trust_env=not self._on_this_machine
        )
        ending = Ending()
        headers = {"User-Agent": "stagemail", "Accept-Encoding": "identity", **self._headers()}
        asked = bound(client, ending).stream("POST", f"{self._base}{path}", json=dict(body), headers=headers)
        try:
            with client, ending.within(MAX_SECONDS), asked as answer:
                said = next(answer.iter_raw(LOOKED_AT), b"")  # the rest is never read
        except httpx2.TransportError as error:
            raise Unreachable(
                f"the Git host {self._base} does not answer ({type(error).__name__})", hint="it is tried again later"
            ) from None
        if answer.status_code == 400 and _ALREADY in said:
            return
        _judge(answer.status_code, answer.headers.get("retry-after"), f"{self._base}{path.partition('?')[0]}")


def bearer(token: Secret) -> str:
    """The value of an ``Authorization`` header (RFC 6750)."""
    return f"Bearer {token.reveal()}"


def _judge(status: int, retry_after: str | None, where: str) -> None:
    if 200 <= status < 300:
        return
    if status == 429 or (status == 403 and retry_after is not None):
        seconds = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
        raise RateLimited(f"{where}: the Git host's limit is used up", retry_after=seconds)
    if status >= 500:
        raise Unreachable(f"{where}: the Git host answers {status}", hint="it is tried again later")
    if status in (401, 403):
        raise NotPermitted(
            f"{where}: the Git host refuses the token ({status})",
            hint="let it write commit statuses of this repository, and check that it has not expired",
        )
    if status == 404:
        raise NotFound(
            f"{where}: no such repository or commit, or the token may not see it",
            hint="check `repository` and the token's permissions",
        )
    raise UserMustFix(f"{where}: the Git host answers {status}", hint="check `type`, `url` and `repository`")
