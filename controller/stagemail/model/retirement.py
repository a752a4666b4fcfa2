"""The calendar of logins that providers retire: what applies to a configuration, and whether its day has come.

Pure: the date is an argument. Not here: the data (``resources.retirements``), who refuses (``planning.retiring``).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase

from stagemail.dataclass import dataclass
from stagemail.model import email
from stagemail.model.field import Value


@dataclass(frozen=True, slots=True)
class Retirement:
    """One login that one provider retires. ``hosts`` are patterns; ``method`` is a value of ``authentication.type``.

    ``announced``: from when to warn. ``date``: from when on a new configuration is refused, if ``refuses``; else the
    day only changes the words, because the file cannot show which kind of password it is.
    """

    provider: str
    hosts: tuple[str, ...]
    method: str
    announced: date
    date: date
    what: str
    next_step: str
    source: str
    refuses: bool = True

    def fits(self, fields: Mapping[str, Value]) -> bool:
        """Whether a configuration logs in like this."""
        host = str(fields.get(email.HOST) or "").lower().rstrip(".")
        same = fields.get(email.AUTH_TYPE) == self.method
        return same and any(fnmatchcase(host, pattern) for pattern in self.hosts)


@dataclass(frozen=True, slots=True)
class Due:
    """A retirement that concerns a configuration today. ``past``: its day has come."""

    retirement: Retirement
    past: bool
    login: Mapping[str, Value]
    """The server and the login that are meant, by field: what has them was applied before."""
    unit: str = email.CONNECTION

    @property
    def message(self) -> str:
        """What happens, or happened, and when."""
        it = self.retirement
        return f"{it.provider}, from {it.date.isoformat()}: {it.what}"

    @property
    def host(self) -> str:
        """The mail server."""
        return str(self.login[email.HOST])

    @property
    def refuses(self) -> bool:
        """Whether a new configuration is refused."""
        return self.past and self.retirement.refuses


def due(fields: Mapping[str, Value], calendar: Iterable[Retirement], today: date) -> Due | None:
    """What concerns these fields on this day; None where nothing does, or nobody announced it yet."""
    for one in calendar:
        if today >= one.announced and one.fits(fields):
            login = {name: fields.get(name) for name in (email.HOST, email.AUTH_TYPE)}
            return Due(one, today >= one.date, login)
    return None
