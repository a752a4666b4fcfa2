"""From one document of a good shape to the model: configuration, binding, waiver; defaults filled in, places kept.

Plain code over plain data, because thousands of documents pass here. Not here: judging shapes (``source.schema``).
"""

import re
from collections.abc import Mapping
from sys import intern
from typing import Any, Final

from stagemail.model import email
from stagemail.model.field import Fields, Value
from stagemail.model.location import Place
from stagemail.model.secret import SecretRef
from stagemail.model.selector import Selector
from stagemail.model.snapshot import NO_CLAIMS, Binding, Configuration, SenderClaims
from stagemail.model.waiver import Waiver

_SPECIAL: Final = re.compile(r'[\[\]\\()<>@,:;".]')
_ESCAPED: Final = re.compile(r'[\\"]')


def mailbox(entry: Mapping[str, str]) -> str:
    """A mailbox as RFC 5322 section 3.4 writes it: the address, or ``Name <address>``, the name quoted where needed.

    Unlike ``email.utils.formataddr`` a name outside ASCII stays readable (RFC 6532): platforms take it as it is.
    """
    name, address = entry.get("name", ""), entry["address"]
    if not name:
        return address
    quoted = '"' + _ESCAPED.sub(r"\\\g<0>", name) + '"' if _SPECIAL.search(name) or name != name.strip() else name
    return f"{quoted} <{address}>"


def secret_ref(value: Mapping[str, Any]) -> SecretRef:
    """The reference in a secret field."""
    key: Mapping[str, str] = value["secretRef"]
    return SecretRef(key["store"], key["key"], key.get("field", ""), key.get("version", ""), key.get("expires", ""))


def configuration(value: Mapping[str, Any], place: Place) -> Configuration:
    """An EmailConfiguration. ``place`` is the document's root."""
    spec: Mapping[str, Any] = value["spec"]
    server: Mapping[str, Any] = spec["server"]
    fields: dict[str, Value] = {
        email.HOST: server["host"],
        email.PORT: server.get("port", email.DEFAULT_PORT),
        email.SECURITY: server.get("security", "starttls"),
        **_authentication(spec.get("authentication", {"type": "none"})),
    }
    sender: Mapping[str, Any] = spec.get("sender", {})
    if "name" in sender:
        fields[email.SENDER_NAME] = sender["name"]
    if sender:
        fields[email.SENDER_ADDRESS] = sender["address"]
    fields.update(_recipients(spec["recipients"]))
    claims = SenderClaims(tuple(sender.get("dkimSelectors", ())), sender.get("envelopeDomain", "").lower())
    return Configuration(value["metadata"]["name"], fields, place, claims if sender else NO_CLAIMS)


def _authentication(written: Mapping[str, Any]) -> dict[str, Value]:
    kind: str = written["type"]
    if kind == "basic":
        password = secret_ref(written["password"])
        return {email.AUTH_TYPE: kind, email.USERNAME: written["username"], email.PASSWORD: password}
    if kind == "oauth2":
        return {
            email.AUTH_TYPE: kind,
            email.TOKEN_URL: written["tokenUrl"],
            email.CLIENT_ID: written["clientId"],
            email.CLIENT_SECRET: secret_ref(written["clientSecret"]),
            email.SCOPES: tuple(written.get("scopes", ())),
        }
    return {email.AUTH_TYPE: kind}


def _recipients(written: Mapping[str, Any]) -> dict[str, Value]:
    fields: dict[str, Value] = {email.RECIPIENTS_MODE: written["mode"]}
    if written["mode"] == email.TEST_LIST_MODE:
        fields[email.TEST_LIST] = tuple(intern(mailbox(entry)) for entry in written["testList"])
    return fields


def binding(value: Mapping[str, Any], place: Place) -> Binding:
    """An AppBinding. ``place`` is the document's root."""
    spec: Mapping[str, Any] = value["spec"]
    own: Fields = _recipients(spec["recipients"]) if "recipients" in spec else {}
    return Binding(
        value["metadata"]["name"],
        tuple(Selector(text) for text in spec["apps"]),
        tuple(Selector(text) for text in spec.get("except", ())),
        own,
        place,
    )


def waiver(value: Mapping[str, Any], place: Place) -> Waiver:
    """A Waiver. ``place`` is the document's root."""
    spec: Mapping[str, Any] = value["spec"]
    return Waiver(
        value["metadata"]["name"],
        spec["allow"],
        str(spec["to"]),
        spec["reason"],
        tuple(Selector(text) for text in spec.get("apps", ())),
        spec.get("expires", ""),
        place,
    )


def place_of(owner: Configuration | Binding, field: str) -> Place:
    """Where a field of a configuration or binding stands; a field that was left out falls back to its parent's line."""
    return owner.place.child("spec", *field.split("."))
