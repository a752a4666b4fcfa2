"""Reads a request's body within bounds of size and time; a compressed one is never opened.

Not here: what is in it.
"""

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from stagemail.web.hooks import Refused

MAX_BODY: Final = 1024 * 1024
"""Bytes. A larger push is refused; the next poll finds its commits."""
SECONDS: Final = 10.0
"""Seconds that a whole body may take."""


async def read(request: Request, *, most: int = MAX_BODY, seconds: float = SECONDS) -> bytes:
    """The body. Raises Refused."""
    lengths = request.headers.getlist("content-length")
    if any(not text.isdigit() or int(text) > most for text in lengths):
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Refused(408, "too-slow", f"the body took longer than {seconds:g} s") from None
    except ClientDisconnect:
        raise Refused(400, "broken-off", "the body ended early") from None
    return bytes(body)


def _too_large(most: int) -> Refused:
    return Refused(413, "too-large", f"the body is larger than {most} bytes")
