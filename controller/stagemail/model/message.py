"""A test message as our books know it: what was to be sent to whom, and what became of it. Never its content.

Not here: composing it (``mail.composing``), keeping the books (``mail.outbox``).
"""

import re
from datetime import datetime
from typing import Final, Literal

from stagemail.dataclass import dataclass
from stagemail.errors import InvalidInput
from stagemail.model import email

MessageState = Literal["begun", "accepted", "refused", "not-sent", "arrived", "lost"]
"""``begun``: recorded directly before DATA and never settled: nobody knows. ``arrived``, ``lost``: a person looked."""

_WORD: Final = r"A-Za-z0-9\u00a1-\U0010ffff"
_ADDRESS: Final = re.compile(rf"[{_WORD}.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@[{_WORD}](?:[{_WORD}.-]{{0,253}}[{_WORD}])?")


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt to send. ``key`` is equal for equal content to equal recipients; ``message_id`` is its Message-ID."""

    id: str
    attempt: int
    key: str
    stage: str
    app: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str
    at: datetime
    actor: str
    state: MessageState = "begun"
    reply: str = ""

    @property
    def unknown(self) -> bool:
        """Whether nobody knows if it was sent."""
        return self.state == "begun"


def plain_address(text: str) -> str:
    """A bare address, as it is. Raises ValueError for anything else: a name beside it, two addresses, a line end."""
    if _ADDRESS.fullmatch(text) is None or not text.isprintable() or ".." in text or text.startswith("."):
        raise ValueError("write one bare address, as in user@example.com")
    if fault := email.route_in(text):
        raise ValueError(fault)
    return text


def bare_addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each address once. Raises InvalidInput, with the text in printable characters, for what is no bare address."""
    found = []
    for text in texts:
        try:
            found.append(plain_address(text))
        except ValueError as error:
            shown = "".join(char if char.isprintable() else "?" for char in text[:80])
            raise InvalidInput(
                f"`{shown}` is no address: {error}", hint="names beside addresses are not taken"
            ) from None
    return tuple(dict.fromkeys(found))


def may_write_to(address: str, allowed: tuple[str, ...]) -> bool:
    """Whether an address is allowed: by itself, or by its whole domain as ``@example.com``. Case does not matter."""
    wanted = address.casefold()
    known = {text.casefold() for text in allowed}
    return wanted in known or f"@{wanted.rpartition('@')[2]}" in known
