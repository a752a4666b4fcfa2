"""The address with which apprise sends mail through a stage's own configuration.

Source: apprise's documentation of mailto://. Not here: which configuration, and its password (``wiring``).
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from stagemail.errors import UserMustFix
from stagemail.model.secret import Secret


def mail_address(
    *, host: str, port: int, security: str, username: str, password: Secret | None, sender: str, to: Sequence[str]
) -> Secret:
    """``mailto://…`` for one server. ``security``: starttls, tls or none. Raises UserMustFix without a recipient."""
    if not to:
        raise UserMustFix("a notification by mail has no recipient", hint="name one below `to:`")
    mode = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}[security]
    login = f"{quote(username, safe='')}:{quote(password.reveal(), safe='')}@" if password is not None else ""
    name = quote(host, safe="[]:")
    query = urlencode(
        {"smtp": host, "from": sender, "to": ",".join(to), "mode": mode, "verify": "yes"}, quote_via=quote
    )
    schema = "mailto" if security == "none" else "mailtos"
    return Secret(f"{schema}://{login}{name}:{port}/?{query}")
