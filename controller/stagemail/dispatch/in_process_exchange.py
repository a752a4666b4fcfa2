"""The exchange of one process: what would be told to others is kept in memory.

Not here: the one between hosts (``exchange``).
"""

from threading import Lock

from stagemail.model.news import News
from stagemail.model.verdict import Verdict


class InProcessExchange:
    """Implements ``model.news.Exchange``."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._verdicts: dict[str, Verdict] = {}
        self._news: list[News] = []

    def put(self, source: str, verdict: Verdict) -> None:
        """See ``model.news.Exchange.put``."""
        with self._lock:
            self._verdicts[source] = verdict

    def verdict(self, source: str) -> Verdict | None:
        """See ``model.news.Exchange.verdict``."""
        with self._lock:
            return self._verdicts.get(source)

    def tell(self, news: News) -> None:
        """See ``model.news.Exchange.tell``."""
        with self._lock:
            self._news.append(news)

    def take(self) -> tuple[News, ...]:
        """See ``model.news.Exchange.take``."""
        with self._lock:
            taken, self._news = tuple(self._news), []
            return taken
