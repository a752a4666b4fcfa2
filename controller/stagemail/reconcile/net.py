"""What this process knows of credentials, to keep them out of whatever leaves it.

The edges (output streams, logs, record, plan files, notifications) hand every text to one net. Not a licence to put a
credential there. Not here: finding values in text (``model.scrub``), the edges themselves.
"""

import re
from collections.abc import Iterator
from threading import Lock
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from stagemail.model.scrub import Scrubber
from stagemail.model.secret import Secret

_TOKEN: Final = re.compile(r"(?=.*\d).{12,}", re.DOTALL)
"""What is taken for a token inside an address: a hook's path has ordinary words, too."""


class Net:
    """Learns each credential when it is read, and takes it out of every text from then on. Thread-safe.

    A process that lives long calls ``turn`` now and then, so that old values are let go.
    """

    def __init__(self) -> None:
        self._recent = Scrubber()
        self._before = Scrubber()
        self._lock = Lock()

    def learn(self, secret: Secret) -> None:
        """Take this value out of text from now on. Learning it again costs nothing and keeps it."""
        with self._lock:
            self._recent.add(secret)
            for part in _parts(secret):
                self._recent.add(part)

    def scrub(self, text: str) -> str:
        """The text without any value that is known."""
        with self._lock:
            return self._before.scrub(self._recent.scrub(text))

    def turn(self) -> None:
        """Let go of what was not learned again since the last turn."""
        with self._lock:
            self._before, self._recent = self._recent, Scrubber()


def _parts(secret: Secret) -> Iterator[Secret]:
    """What is a credential by itself in an address that is one: a password, and tokens in user, path and query."""
    value = secret.reveal().strip()
    if "://" not in value:
        return
    try:
        address = urlsplit(value)
        login = address.netloc.rpartition("@")[0]
        found = [address.path, *address.path.split("/"), *(text for _, text in parse_qsl(address.query))]
    except ValueError:
        return
    user, _, password = login.partition(":")
    tokens = (text for text in map(unquote, (user, *found)) if _TOKEN.fullmatch(text))
    yield from (Secret(text) for text in {unquote(password), *tokens} if text)
