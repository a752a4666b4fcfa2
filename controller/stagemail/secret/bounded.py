"""What a secret store answers, read up to a limit, so that an endless answer cannot fill the memory.

The SDKs themselves read whatever comes. Not here: what an answer means (each store's own module), how long it may take
(``ending``), and the services of the machine itself that some logins ask, such as a cloud's metadata server.
"""

from io import BytesIO
from typing import Any, Final

from urllib3.util.retry import Retry

from stagemail.errors import SecretUnexpected

LIMIT: Final = 2 * 1024 * 1024
"""Bytes of one answer: the largest Secret of Kubernetes, 1 MiB, is less as base64 in JSON."""
_PIECE: Final = 64 * 1024


class AnswerTooLarge(Exception):
    """More bytes than a secret store has to say. Of no SDK's kinds, so that none of them tries it again."""


class Body(BytesIO):
    """A body that was read, in the place of urllib3's response."""

    status = 0
    headers: Any = None

    def stream(self, *_how: Any, **_more: Any) -> Any:
        """Its pieces."""
        while piece := self.read(_PIECE):
            yield piece


class ClosingRetry(Retry):
    """urllib3's retries, which before a new try would read all of the answer, however long it is."""

    def increment(self, *given: Any, **more: Any) -> "ClosingRetry":
        """As urllib3's; the connection is closed with what it still has to say."""
        following = super().increment(*given, **more)
        response: Any = more.get("response")
        if response is not None:
            response.close()
        return following


def read(raw: Any, *, decode: bool = True) -> bytes:
    """The body of urllib3's response. Raises AnswerTooLarge, and what urllib3 raises."""
    body = bytearray()
    while piece := raw.read(_PIECE, decode_content=decode):
        body += piece
        if len(body) > LIMIT:
            raw.close()
            raise AnswerTooLarge
    raw.release_conn()
    return bytes(body)


def was_too_large(error: BaseException | None) -> bool:
    """Whether an SDK's own exception was raised for an AnswerTooLarge."""
    while error is not None and not isinstance(error, AnswerTooLarge):
        error = error.__cause__ or error.__context__
    return error is not None


def endless(where: str) -> SecretUnexpected:
    """The error for such an answer."""
    return SecretUnexpected(
        f"{where}: the answer is larger than {LIMIT // 1024 // 1024} MiB",
        hint="no secret store says so much: check the address of the store and the proxy, something else answers there",
    )
