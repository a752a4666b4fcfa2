"""The address of a PostgreSQL record: how it is shown, and what must not be in it. No driver here.

Source: postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS. Not here: connecting (``postgresql``).
"""

import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from stagemail.errors import UsageError

SCHEME: Final = "postgresql://"
_SECRET: Final = frozenset({"password", "sslpassword", "oauth_client_secret"})
_LOCAL: Final = ("127.", "localhost", "[::1]", "::1", "/")


def has_secret(url: str) -> bool:
    """Whether a credential stands in the address: behind the user's name, or among the parameters."""
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    query = url.partition("?")[2]
    named = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    return ":" in authority.rpartition("@")[0] or bool(named & _SECRET)


def checked(url: str, where: str = "`state:`") -> str:
    """The address. Raises UsageError, without repeating it, where it is none or holds a credential.

    ``where`` it was written, as the message calls it.
    """
    if has_secret(url):
        raise UsageError(
            f"the address in {where} holds a password, and others can read it there",
            hint="change it, leave it out, and use `statePassword` in the operator file, PGPASSFILE or PGPASSWORD",
        )
    if not url.startswith(SCHEME) or re.search(r"[\x00-\x20\x7f]", url):
        raise UsageError(
            f"{where} does not name a database that stagemail can use",
            hint="write postgresql://stagemail@db.example.com/stagemail?sslmode=verify-full",
        )
    return url


def shown(url: str) -> str:
    """The address as messages name it: user, hosts and database, without parameters."""
    return url.partition("?")[0]


def database_name(url: str) -> str:
    """The database, in characters that a file's name may have; "stagemail" where the address names none."""
    named = dict(parse_qsl(url.partition("?")[2])).get("dbname") or unquote(urlsplit(url).path.strip("/"))
    return re.sub(r"[^A-Za-z0-9_-]", "-", named)[:64] or "stagemail"


def is_exposed(url: str) -> bool:
    """Whether what is said to the server could be read or changed on the way: another host, and not verified."""
    query = dict(parse_qsl(url.partition("?")[2]))
    hosts = query.get("host") or url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    is_local = not hosts or all(host.startswith(_LOCAL) for host in unquote(hosts).split(","))
    return not is_local and "service" not in query and not query.get("sslmode", "").startswith("verify-")
