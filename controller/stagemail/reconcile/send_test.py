"""A test message through a stage's real configuration, to those whom the stage's recipients rule allows.

The intent is in the books, durably, before DATA. A process that is killed around it leaves a message of which nobody
knows whether it left: it is never sent again by itself, a person decides.
Not here: composing and speaking (``mail``, behind ports), where the books are (``ports.Outbox``).
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import InvalidInput, NotFound, NotPermitted
from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App
from stagemail.model.message import Message, bare_addresses, may_write_to, plain_address
from stagemail.model.probe import Delivery, Letter, Sent, Server
from stagemail.model.snapshot import Desired
from stagemail.planning.claims import Claims
from stagemail.ports import MailProbe, Outbox
from stagemail.reconcile.preflight import configuration_of

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""An id stands in two headers (`Message-ID`, `X-Stagemail-Test`) and in the books."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to send. ``id`` "": made from the content."""

    app: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    content: bytes
    subject: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who gets it. ``replaced``: the addresses that were asked for, where a test list is on instead."""

    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody, once."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.bcc)))


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it. ``sent`` None: nothing was sent now, because of what the books know of ``message``."""

    message: Message
    envelope: Envelope
    sent: Sent | None

    @property
    def delivery(self) -> Delivery:
        """In one word."""
        if self.sent is not None:
            return self.sent.delivery
        return "unknown" if self.message.unknown else "accepted"


Compose = Callable[[Message, Envelope], bytes]
MakeId = Callable[[str, str, datetime], str]


def recipients_rule(desired: Desired, app: str) -> dict[str, Value]:
    """The recipients' fields that count for an app of this stage; those of the configuration where none is named.

    Raises NotFound for an app that no binding means, InvalidInput for one that two mean.
    """
    fields = configuration_of(desired).fields
    if not app:
        return dict(fields)
    claims = Claims(desired.bindings).on(App(app, app))
    if not claims:
        known = ", ".join(sorted({text.text for binding in desired.bindings for text in binding.apps})) or "none"
        raise NotFound(f"{desired.stage}: no binding means the app {app}", hint=f"bound here: {known}")
    if claims[0].owner != claims[-1].owner:
        raise InvalidInput(f"{desired.stage}: the app {app} is bound twice", hint="`stagemail plan` names both")
    return {**fields, **claims[0].binding.fields}


def envelope_of(desired: Desired, asked: Asked, allowed: tuple[str, ...]) -> Envelope:
    """Who gets it: the test list and nobody else while one is on, else only whom the operator allowed.

    Raises InvalidInput for what is no bare address or no text, NotPermitted for one that is not allowed.
    """
    _check(asked)
    wanted = Envelope(bare_addresses(asked.to), bare_addresses(asked.cc), bare_addresses(asked.bcc))
    rule = recipients_rule(desired, asked.app)
    if not email.reaches_real_people(rule):
        members = rule.get(email.TEST_LIST)
        listed = tuple(email.address_of(str(one)) for one in members) if isinstance(members, tuple) else ()
        if not listed:
            raise NotPermitted(f"{desired.stage}: the test list is on and empty, so nobody may get a message")
        return Envelope(bare_addresses(listed), replaced=tuple(a for a in wanted.recipients if a not in listed))
    if not wanted.recipients:
        raise InvalidInput(f"{desired.stage}: no test list is on, so say who gets it", hint="add --to ADDRESS")
    refused = [address for address in wanted.recipients if not may_write_to(address, allowed)]
    if refused:
        raise NotPermitted(
            f"{desired.stage}: no test list is on, and nobody allowed test messages to {', '.join(refused)}",
            hint="add the address, or its domain as @example.com, to `mail.testRecipients` in the operator file",
        )
    return wanted


def send_test(
    desired: Desired,
    asked: Asked,
    envelope: Envelope,
    *,
    server: Callable[[], Server],
    probe: MailProbe,
    outbox: Outbox,
    compose: Compose,
    make_id: MakeId,
    now: datetime,
    actor: str,
) -> Done:
    """Send one message, at most once. ``server`` is asked only when there is something to send.

    Raises InvalidInput without a sender and for an id of another message, and what ``server`` and the books raise.
    """
    sender = str(configuration_of(desired).fields.get(email.SENDER_ADDRESS) or "")
    if not sender:
        raise InvalidInput(f"{desired.stage}: the configuration has no sender", hint="add `sender.address`")
    key = _key(desired.stage, asked, envelope)
    known = outbox.messages()
    waiting = _waiting(known, asked.id, key)
    if waiting is not None:
        return Done(waiting, envelope, None)
    id_ = asked.id or f"{key}-{sum(it.key == key for it in known) + 1}"
    attempt = sum(it.id == id_ for it in known) + 1
    message = Message(
        id_, attempt, key, desired.stage, asked.app, plain_address(sender), envelope.recipients,
        make_id(id_, sender, now), asked.subject, now, actor,
    )  # fmt: skip
    begun = False

    def begin() -> None:
        nonlocal begun
        outbox.begin(message)
        begun = True

    letter = Letter(message.sender, envelope.recipients, compose(message, envelope))
    sent = probe.send(server(), letter, begin)
    if begun and sent.delivery != "unknown":
        state = sent.delivery
        outbox.settle(message, state, sent.probed.steps[-1].reply if sent.probed.steps else "")
        message = replace(message, state=state)
    return Done(message, envelope, sent)


def _waiting(known: tuple[Message, ...], id_: str, key: str) -> Message | None:
    """The message that stands in the way: an equal one of which nobody knows, or any that left under the same id."""
    if id_:
        mine = [it for it in known if it.id == id_]
        if any(it.key != key for it in mine):
            raise InvalidInput(
                f"--id {id_} stands for another message, so nothing was sent",
                hint="give another id; one stands for one stage, app, subject, content and recipients",
            )
        return next((it for it in reversed(mine) if it.state not in ("refused", "not-sent", "lost")), None)
    return next((it for it in reversed(known) if it.key == key and it.unknown), None)


def _key(stage: str, asked: Asked, envelope: Envelope) -> str:
    parts = (stage, asked.app, asked.subject, *envelope.to, "", *envelope.cc, "", *envelope.bcc)
    digest = hashlib.sha256("\0".join(parts).encode())
    digest.update(asked.content)
    return digest.hexdigest()[:12]


def _check(asked: Asked) -> None:
    """Refuse what no header and no book can hold. The message never repeats it."""
    for option, text in (("--app", asked.app), ("--subject", asked.subject)):
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            raise InvalidInput(f"{option} is not UTF-8 text", hint="write it in UTF-8, the encoding of your terminal")
    if asked.id and not _ID.fullmatch(asked.id):
        raise InvalidInput(
            "--id takes at most 80 letters, digits, `.`, `_` and `-`, and begins with a letter or digit",
            hint="for example --id release-7",
        )
