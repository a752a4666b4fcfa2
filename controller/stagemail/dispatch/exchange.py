"""What controllers and workers tell each other over PostgreSQL: where the branches are, and what passes gave.

Both are taken from the database when they are needed, so that a message that comes late or never costs a look only.
Not here: waking who waits for news (``membership``).
"""

from dataclasses import asdict
from typing import Final

from psycopg.types.json import Jsonb

from stagemail.dispatch.jobs_database import JobsDatabase
from stagemail.model.news import News
from stagemail.model.verdict import Verdict

_PUT: Final = """INSERT INTO sources (name, verdict) VALUES (%(name)s, %(verdict)s)
ON CONFLICT (name) DO UPDATE SET verdict = excluded.verdict"""
_TAKE: Final = """WITH taken AS (DELETE FROM news RETURNING id, body) SELECT body FROM taken ORDER BY id"""


class PostgresExchange:
    """Implements ``model.news.Exchange``. Raises Unreachable while the database is away."""

    def __init__(self, database: JobsDatabase) -> None:
        self._database = database

    def put(self, source: str, verdict: Verdict) -> None:
        """See ``model.news.Exchange.put``."""
        self._database.rows(_PUT, {"name": source, "verdict": Jsonb(asdict(verdict))})

    def verdict(self, source: str) -> Verdict | None:
        """See ``model.news.Exchange.verdict``."""
        rows = self._database.rows("SELECT verdict FROM sources WHERE name = %(name)s", {"name": source})
        return Verdict(**rows[0][0]) if rows else None

    def tell(self, news: News) -> None:
        """See ``model.news.Exchange.tell``."""
        self._database.rows("INSERT INTO news (body) VALUES (%(body)s)", {"body": Jsonb(asdict(news))})

    def take(self) -> tuple[News, ...]:
        """See ``model.news.Exchange.take``."""
        return tuple(News(**row[0]) for row in self._database.rows(_TAKE))
