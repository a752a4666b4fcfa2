"""Composes a test message: the template as it is, marked as a test in subject, header and text.

Every header is built by the standard library's email package from bare addresses; nothing is pasted together.
Not here: who may get it (``reconcile.send_test``), sending (``probe``).
Sources: RFC 5322 (headers), RFC 2046 section 5.1.4 (alternatives), RFC 3834 (Auto-Submitted).
"""

import html
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Final

from stagemail.errors import InvalidInput
from stagemail.mail.idn import plainest
from stagemail.model.message import Message

HEADER: Final = "X-Stagemail-Test"
LARGEST: Final = 10 * 1024 * 1024
"""Bytes of a template."""
_BODY: Final = re.compile(r"<body\b[^>]{0,1000}>", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title[^>]{0,200}>([^<]{0,500})</title>", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"<(script|style|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BREAK: Final = re.compile(r"<(?:br|/p|/div|/tr|/h[1-6]|/li)\b[^>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")


def template_of(data: bytes, name: str) -> str:
    """The text of a template. Raises InvalidInput."""
    if len(data) > LARGEST:
        raise InvalidInput(f"{name} is larger than {LARGEST} bytes", hint="send less; few servers take more")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        hint = "save it as UTF-8"
    raise InvalidInput(f"{name} is not UTF-8 text", hint=hint)


def subject_of(template: str, *, is_html: bool) -> str:
    """A subject for a template: its title, else a general one."""
    found = _TITLE.search(template) if is_html else None
    words = " ".join(html.unescape(found[1]).split()) if found else ""
    return "".join(char for char in words if char.isprintable()) or "Test message"


def compose(
    message: Message, template: str, *, is_html: bool, sender_name: str, to: tuple[str, ...], cc: tuple[str, ...]
) -> bytes:
    """The whole message with CRLF line ends. Bcc stands nowhere in it."""
    international = not all(plainest(address).isascii() for address in (message.sender, *to, *cc))
    made = EmailMessage(policy=SMTPUTF8 if international else SMTP)
    made["From"] = _mailbox(message.sender, _one_line(sender_name))
    if to:
        made["To"] = [_mailbox(address) for address in to]
    if cc:
        made["Cc"] = [_mailbox(address) for address in cc]
    made["Subject"] = f"[TEST {message.stage}] {_one_line(message.subject)}"
    made["Date"] = message.at
    made["Message-ID"] = message.message_id
    made["Auto-Submitted"] = "auto-generated"
    made[HEADER] = message.id
    note, template = _encodable(_note(message)), _encodable(template)
    if is_html:
        made.set_content(f"{note}\n\n{_plain(template)}\n")
        made.add_alternative(_marked(template, note), subtype="html")
    else:
        made.set_content(f"{note}\n\n{template}")
    return bytes(made)


def _mailbox(address: str, name: str = "") -> Address:
    """By its two parts: read as one text, the standard library takes no letters beyond ASCII (RFC 6532)."""
    local, _, domain = plainest(address).rpartition("@")
    return Address(name, local, domain)


def message_id(id_: str, sender: str, at: datetime) -> str:
    """The Message-ID of a test message."""
    domain = sender.rpartition("@")[2]
    ascii_domain = domain if domain.isascii() else "stagemail.invalid"
    return f"<stagemail-test.{id_}.{at:%Y%m%d%H%M%S}@{ascii_domain}>"


def _note(message: Message) -> str:
    app = f", app {message.app}" if message.app else ""
    who = f"sent by {message.actor} with stagemail at {message.at:%Y-%m-%d %H:%M:%S %Z}"
    return f"THIS IS A TEST MESSAGE of stage {message.stage}{app}: {who} (id {message.id})."


def _marked(template: str, note: str) -> str:
    """The note as the first thing in the body."""
    banner = f'<p style="background:#ffd54d;color:#000;padding:8px;font-family:sans-serif">{html.escape(note)}</p>'
    found = _BODY.search(template)
    end = found.end() if found else 0
    return f"{template[:end]}{banner}{template[end:]}"


def _plain(template: str) -> str:
    """The text of an HTML template, roughly: for readers that show no HTML."""
    text = _TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub("", template)))
    lines = (" ".join(line.split()) for line in html.unescape(text).splitlines())
    return "\n".join(line for line in lines if line)


def _encodable(text: str) -> str:
    """A text that UTF-8 can hold: what stands for a byte that was no text becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
