"""One stage's server, authentication and sender as YAML says them, from what is set on the platform.

What YAML cannot say is left out and named; a field that no document can leave out goes to ``unsupported``, which the
mapping declares, so that nothing of it is ever written. Pure. Not here: recipients (``adopt_recipients``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.grant import destination, smtp_destination
from stagemail.model.inventory import Inventory
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import Masked
from stagemail.model.snapshot import Observed, ObservedField
from stagemail.ports import Check
from stagemail.reconcile.adopt_shape import SET_IN_APP, Plain, fault, recipients_of, shown
from stagemail.report.adoption import Remark, RemarkKind
from stagemail.resources.email_configuration import BasicAuthentication, OAuth2Authentication, Sender, Server

SUBMISSION: Final = 587
"""What is written where the platform's own port cannot be (RFC 6409)."""
AUTHENTICATION: Final = email.SPECS.together(email.AUTH_TYPE)
REFERENCE: Final = {"secretRef": {"store": "env", "key": "LATER"}}
"""Stands for a reference until the credential has a name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one stage. ``refused_ports``: those that the target refuses. ``unclear``: why a field of ours
    has no entry although the platform may have one."""

    stage: str
    environment: str
    purpose: str
    inventory: Inventory
    observed: Observed
    check: Check
    refused_ports: frozenset[int] = frozenset()
    unclear: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, ObservedField]:
        """What is set in the stage itself."""
        key = Key(self.stage, CONFIGURATION, self.inventory.stage.key)
        own = self.observed.by_key().get(key)
        return own.fields if own else {}

    def sets(self, name: str) -> bool:
        """Whether the target could set this field of the stage, so that YAML must say what is there."""
        return self.check.capabilities.of(CONFIGURATION, name) == "sets"

    def value(self, name: str) -> Value:
        """What is set for a field; None where nothing is, or nobody can tell."""
        return self.settings[name].value if self.sets(name) and name in self.settings else None


@dataclass(frozen=True, slots=True)
class Settings:
    """The stage's settings as parts of a document's ``spec``.

    ``secret`` is the field that needs a reference, "" for none. ``values`` are the fields that will be desired, of
    those that are no secrets. ``recipients`` only where a platform keeps them for the stage as a whole. ``why_not`` is
    the reason where the stage cannot be described at all.
    """

    server: Plain = field(default_factory=dict)
    authentication: Plain = field(default_factory=dict)
    sender: Plain = field(default_factory=dict)
    recipients: Plain = field(default_factory=dict)
    secret: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    destinations: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    why_not: str = ""


def settings_of(found: Found) -> Settings:
    """Describe one stage."""
    host = found.value(email.HOST)
    why_not = _no_host(found, host)
    if why_not:
        return Settings(why_not=why_not)
    made = Settings({"host": host}, values={email.HOST: host})
    for part in (_port, _security, _authentication, _sender, _recipients):
        made = part(found, made)
    made = replace(made, values={name: found.value(name) for name in made.values if found.sets(name)})
    made = _waiting(found, made)
    values = {name: value for name, value in made.values.items() if name not in made.unsupported}
    return replace(made, values=values, unsupported=tuple(sorted(set(made.unsupported))))


def _waiting(found: Found, made: Settings) -> Settings:
    """A value of the stage that waits to be made live in most apps: an apply of any would bring it about.

    Where only some apps wait, these apps are left out instead (``adopt_recipients``).
    """
    apps = [resource for resource in found.observed.resources if resource.key.kind == BINDING]
    for name, value in made.values.items():
        seen = [app.fields[name] for app in apps if name in app.fields]
        late = [each for each in seen if each.pending and found.check.same(name, value, each.value)]
        if len(late) * 2 > len(apps):
            names = AUTHENTICATION if name in AUTHENTICATION else email.SPECS.together(name)
            message = f"pending: set is {shown(value)}, and {len(late)} of {len(apps)} apps run with another value"
            told = f"{message}; apply or discard it in the Portal, then take it out of `unsupported`"
            made = _without(found, made, tuple(n for n in names if found.sets(n)), told)
    return made


def _no_host(found: Found, host: Value) -> str:
    if not found.sets(email.HOST):
        return found.unclear.get(email.HOST, "the platform shows no entry for the mail server")
    if not host:
        return "no mail server is set there"
    wrong = fault(Server, {"host": str(host)})
    return f"its mail server {host} cannot be written: {wrong}" if wrong else ""


def _port(found: Found, made: Settings) -> Settings:
    port = found.value(email.PORT)
    whole = {**made.server, "port": port}
    if isinstance(port, int) and port not in found.refused_ports and not fault(Server, whole):
        return _with(replace(made, server=whole), email.PORT)
    whole["port"] = SUBMISSION
    seen = found.unclear.get(email.PORT, f"the platform has {shown(port)}, which cannot be written")
    message = f"{seen}; the YAML says {SUBMISSION}, and nothing is written until you take it out of `unsupported`"
    return _without(found, replace(made, server=whole), (email.PORT,), message)


def _security(found: Found, made: Settings) -> Settings:
    word = found.value(email.SECURITY)
    if word in email.SECURITY_ORDER:
        return _with(replace(made, server={**made.server, "security": word}), email.SECURITY)
    if found.sets(email.SECURITY):
        message = f"the platform says {shown(word)}; write none, starttls or tls where you know which it is"
        return _without(found, made, (email.SECURITY,), message)
    server = {**made.server, "security": "starttls"}
    return _told(found, replace(made, server=server), "assumed", email.SECURITY, "starttls; nothing writes it here")


def _authentication(found: Found, made: Settings) -> Settings:
    kind = found.value(email.AUTH_TYPE)
    kinds: dict[Value, Callable[[Found, Settings], Settings | str]] = {"basic": _basic, "oauth2": _oauth2}
    if kind == "none":
        return _with(_left_over(found, made), email.AUTH_TYPE)
    unknown = found.unclear.get(email.AUTH_TYPE, f"the platform says {shown(kind)}, which is no type of ours")
    result = kinds[kind](found, made) if kind in kinds else unknown
    if isinstance(result, Settings):
        return result
    names = tuple(name for name in AUTHENTICATION if name == email.AUTH_TYPE or found.sets(name))
    return _without(found, made, names, f"{result}; the YAML says nothing of it")


def _left_over(found: Found, made: Settings) -> Settings:
    """What a stage that does not log in keeps of a time when it did. No value is told: it may be a credential."""
    names = [name for name in AUTHENTICATION if name != email.AUTH_TYPE and _is_kept(found, name)]
    for name in names:
        message = "authentication is none; write `authentication` by hand if mail should log in after all"
        made = _told(found, made, "unused", name, message)
    return made


def _is_kept(found: Found, name: str) -> bool:
    seen = found.settings.get(name) if found.sets(name) else None
    if seen is None or seen.is_default:
        return False
    return seen.value.present is True if isinstance(seen.value, Masked) else bool(seen.value)


def _basic(found: Found, made: Settings) -> Settings | str:
    written = {"type": "basic", "username": found.value(email.USERNAME) or ""}
    wrong = _no_secret(found, email.PASSWORD) or fault(BasicAuthentication, {**written, "password": REFERENCE})
    if wrong:
        return f"basic authentication, and {wrong}"
    server = smtp_destination(made.server["host"], made.server["port"])
    settled = replace(made, authentication=written, secret="password", destinations=(server,))  # noqa: S106 - a field
    return _with(settled, email.AUTH_TYPE, email.USERNAME)


def _oauth2(found: Found, made: Settings) -> Settings | str:
    url, scopes = str(found.value(email.TOKEN_URL) or ""), found.value(email.SCOPES)
    written: Plain = {"type": "oauth2", "tokenUrl": url, "clientId": found.value(email.CLIENT_ID) or ""}
    if isinstance(scopes, tuple) and scopes:
        written["scopes"] = list(scopes)
    wrong = _no_secret(found, email.CLIENT_SECRET) or fault(
        OAuth2Authentication, {**written, "clientSecret": REFERENCE}
    )
    if wrong or not found.sets(email.SCOPES):
        return f"OAuth 2.0, and {wrong or 'its scopes cannot be seen'}"
    try:
        server = smtp_destination(made.server["host"], made.server["port"])
        where = (server, destination(url))
    except ValueError:
        return "OAuth 2.0, and no secret can be granted to this token URL"
    settled = replace(made, authentication=written, secret="clientSecret", destinations=where)  # noqa: S106 - a field
    return _with(settled, email.AUTH_TYPE, email.TOKEN_URL, email.CLIENT_ID, email.SCOPES)


def _no_secret(found: Found, name: str) -> str:
    """Why a secret cannot be taken over: one that is not set would be written by the first apply."""
    seen = found.settings.get(name) if found.sets(name) else None
    if seen is None:
        return f"{name} cannot be seen"
    absent = seen.is_default or not isinstance(seen.value, Masked) or seen.value.present is False
    return f"no {name.rpartition('.')[2]} is set" if absent else ""


def _sender(found: Found, made: Settings) -> Settings:
    address, name = found.value(email.SENDER_ADDRESS), found.value(email.SENDER_NAME)
    if not address:
        if not name:
            return made
        return _told(found, made, "not-managed", email.SENDER_NAME, f"{shown(name)} without a sender address")
    written = {"address": address}
    wrong = fault(Sender, written)
    if wrong:
        message = f"{shown(address)} cannot be written: {wrong}"
        return _told(found, made, "not-managed", "sender", message)
    if not name:
        return _with(replace(made, sender=written), email.SENDER_ADDRESS)
    named = {"name": name, **written}
    wrong = fault(Sender, named)
    if wrong:
        told = _told(found, made, "not-managed", email.SENDER_NAME, f"{shown(name)} cannot be written: {wrong}")
        return _with(replace(told, sender=written), email.SENDER_ADDRESS)
    return _with(replace(made, sender=named), email.SENDER_NAME, email.SENDER_ADDRESS)


def _recipients(found: Found, made: Settings) -> Settings:
    if not found.sets(email.RECIPIENTS_MODE):
        return made
    if email.RECIPIENTS_MODE not in found.settings:
        wrong, written = "they cannot be seen", SET_IN_APP
    else:
        wrong, written = recipients_of({n: seen.value for n, seen in found.settings.items()}, found.check.same)
    if wrong:
        names = (email.RECIPIENTS_MODE, email.TEST_LIST)
        return _without(found, replace(made, recipients=SET_IN_APP), names, wrong)
    listed = (email.TEST_LIST,) if "testList" in written else ()
    return _with(replace(made, recipients=written), email.RECIPIENTS_MODE, *listed)


def _with(made: Settings, *names: str) -> Settings:
    return replace(made, values={**made.values, **dict.fromkeys(names)})


def _without(found: Found, made: Settings, names: tuple[str, ...], message: str) -> Settings:
    """Leave fields to the platform that no document can leave out."""
    left = replace(made, unsupported=(*made.unsupported, *names))
    return _told(found, left, "not-managed", names[0], message)


def _told(found: Found, made: Settings, kind: RemarkKind, subject: str, message: str) -> Settings:
    return replace(made, remarks=(*made.remarks, Remark(kind, found.stage, subject, message)))
