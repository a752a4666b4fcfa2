"""What this process knows of credentials, to keep them out of whatever leaves it.

The edges (output streams, logs, record, plan files, notifications) hand every text to one net. Not a licence to put a
credential there. Not here: finding values in text (``model.scrub``), the edges themselves.
"""

from threading import Lock

from stagemail.model.scrub import Scrubber
from stagemail.model.secret import Secret


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

    def scrub(self, text: str) -> str:
        """The text without any value that is known."""
        with self._lock:
            return self._before.scrub(self._recent.scrub(text))

    def turn(self) -> None:
        """Let go of what was not learned again since the last turn."""
        with self._lock:
            self._before, self._recent = self._recent, Scrubber()
