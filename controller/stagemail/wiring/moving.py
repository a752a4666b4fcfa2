"""What is done to a record as a whole: moved to another database, or begun with another fingerprint key.

Not here: how (``record.moving``, ``record.forgetting``).
"""

import secrets
from importlib import import_module
from typing import Any

from stagemail.errors import UsageError
from stagemail.reconcile.holding import held
from stagemail.record.sqlite_file import database_path
from stagemail.record.state import without_driver
from stagemail.resources import postgresql_address
from stagemail.wiring.identity import owner
from stagemail.wiring.mail import move_books
from stagemail.wiring.running import Running


def move_to(running: Running, url: str) -> Any:
    """Move the record to ``postgresql://…`` while no run is under way; gives ``record.moving.Moved``.

    Raises UsageError for a record of another kind, Busy while a run is under way, and what opening both raises.
    """
    installation = running.installation
    postgresql_address.checked(url, "--to")
    if not installation.state.startswith("sqlite:"):
        raise UsageError(
            f"the record is {postgresql_address.shown(installation.state)}, and only one in SQLite can be moved",
            hint="name it before the verb: --state sqlite:///FILE",
        )
    moving = _loaded("moving")
    plugins = (installation.plugin(name) for name in sorted(installation.operator.targets))
    scopes = [plugin.scope(settled.settings) for plugin, settled in plugins]
    path = database_path(installation.state, installation.base)
    with held(running.record, running.clock, owner(), scopes):
        move_books(installation, path)
        key = running.record.fingerprint_key()
        given = {"base": installation.base, "credentials": _credentials(running), "clock": running.clock}
        return moving.move_file(path, key, url, **given)


def forget_key(running: Running) -> bool:
    """Begin with the key that is here; False where it is the record's own. Raises UsageError for another record."""
    installation = running.installation
    if not installation.state.startswith(postgresql_address.SCHEME):
        raise UsageError(
            f"the record is {postgresql_address.shown(installation.state)}, and only PostgreSQL's waits for this",
            hint="a record in a file begins with a new key by itself where its own is lost",
        )
    forgetting = _loaded("forgetting")
    named = (installation.state, installation.base, _credentials(running))
    return bool(forgetting.forget_key(*named, secrets.token_bytes, running.clock))


def _loaded(name: str) -> Any:
    """A module of the record that needs the extra. Raises UserMustFix where that is not installed."""
    try:
        return import_module(f"stagemail.record.{name}")
    except ImportError as error:
        missing = error.name or ""
    raise without_driver(missing)


def _credentials(running: Running) -> Any:
    opening = _loaded("postgresql_opening")
    return opening.Credentials(running.state_key, running.state_password)
