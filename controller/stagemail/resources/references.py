"""The secrets that the operator file itself refers to, and the places with documents, each with its pointer.

Not here: whether what is named exists (``operator_checks``), reading secrets.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stagemail.resources.known import is_kind

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from stagemail.resources.operator import Operator
    from stagemail.resources.secret_reference import SecretReference
    from stagemail.resources.sources import Source

Pointer = tuple[str, ...]
_ODC: Final = "stagemail.resources.targets.OdcTarget"


def all_sources(operator: "Operator") -> "list[tuple[Pointer, Source]]":
    """Every place with documents."""
    named: list[tuple[Pointer, Source]] = [(("sources", name), source) for name, source in operator.sources.items()]
    return [(("source",), operator.source), *named]


def secret_references(operator: "Operator") -> "Iterator[tuple[Pointer, SecretReference]]":
    """Every secret that the file itself refers to, with its pointer."""
    of_record = {"stateKey": operator.state_key, "statePassword": operator.state_password}
    yield from (((name,), reference) for name, reference in of_record.items() if reference is not None)
    if operator.journal is not None:
        yield ("journal", "key"), operator.journal.key
        if operator.journal.login is not None:
            yield ("journal", "login", "password"), operator.journal.login.password
    for where, source in all_sources(operator):
        if source.login is not None:
            yield (*where, "login", "password"), source.login.password
        if source.statuses is not None:
            yield (*where, "statuses", "token"), source.statuses.token
    for name, notification in operator.notifications.items():
        if notification.url is not None:
            yield ("notifications", name, "url"), notification.url
    for name, hook in (operator.web.hooks if operator.web is not None else {}).items():
        yield ("web", "hooks", name, "secret"), hook.secret
    for name, target in operator.targets.items():
        if is_kind(target, _ODC):
            yield ("targets", name, "credentials", "clientSecret"), target.credentials.client_secret
