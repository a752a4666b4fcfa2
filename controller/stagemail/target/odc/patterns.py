"""What the email entries of ODC may be called: ordered patterns per field, on names and descriptions in plain words.

The real names are unknown (no public sample exists), so every pattern is a guess, and a guess counts only where it
leaves one entry. Not here: reading entries, telling people (``discovery``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stagemail.model import email
from stagemail.target.odc.payloads import Entry

MAIL: Final = re.compile(r"\b(smtp|e ?mails?|mails?|mailer|mailbox)\b")
"""What an entry must speak of, in its name, description or key, to be looked at. Keeps a REST "Client Secret" out."""

_TEST: Final = r"(test|testing)"
_SWITCH: Final = r"(active|activated?|enabled?|on|use|only)"

PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    email.HOST: (
        r"\bhost( ?name)?\b",
        r"\bserver (address|name|url)\b",
        r"^(outgoing )?((smtp|e ?mail|mail) )?server$",
        r"\b(name|address) of the (smtp|e ?mail|mail) server\b",
    ),
    email.PORT: (r"\bport( number)?$", r"\bport\b"),
    email.SECURITY: (
        r"\b(transport|connection|smtp|e ?mail|server) (security|encryption)\b",
        r"\b(encryption|start ?tls|ssl|tls)\b",
    ),
    email.AUTH_TYPE: (
        r"\bauth(entication)? (type|method|mode|mechanism)\b",
        r"\bauth(entication)?$",
        r"\bauth(entication)? required$",
    ),
    email.USERNAME: (r"\buser ?name\b", r"\b(user|login|account)( id)?$", r"\buser name\b"),
    email.PASSWORD: (r"\b(password|passwd|pwd)\b",),
    email.TOKEN_URL: (r"\btoken (url|uri|endpoint|address)\b",),
    email.CLIENT_ID: (r"\bclient (id|identifier)\b",),
    email.CLIENT_SECRET: (r"\bclient secret\b",),
    email.SCOPES: (r"\bscopes?\b",),
    email.SENDER_NAME: (r"\b(sender|from)( \w+)? name\b", r"\bname of the sender\b"),
    email.SENDER_ADDRESS: (r"\b(sender|from)( \w+)? (address|e ?mail)\b", r"^(default )?(sender|from)$"),
    email.RECIPIENTS_MODE: (
        rf"\b{_TEST}\b.*\b{_SWITCH}\b",
        rf"^{_SWITCH}\b.*\b{_TEST}\b",
        rf"^{_SWITCH}\b.*\b{_TEST} (list|e ?mails?|recipients?)\b",
        rf"\b{_TEST} (list|e ?mails?|recipients?)\b.*\b{_SWITCH}\b",
    ),
    email.TEST_LIST: (
        rf"\b{_TEST} (e ?mail )?(list|recipients?|addresses)\b",
        rf"\b{_TEST} e ?mails?\b",
        rf"\baddresses\b.*\b{_TEST}\b",
    ),
}
"""Tried in order, each on all names first and then on names with descriptions; the first that fits anything decides."""

EXCLUDED: Final[Mapping[str, str]] = {
    email.HOST: r"\b(port|user|password|token|proxy)\b",
    email.USERNAME: r"\b(sender|from|client)\b",
    email.PASSWORD: r"\b(client|token|forgot|reset|policy)\b",
    email.SENDER_NAME: r"\b(address|e ?mail address)$",
    email.TEST_LIST: rf"\b{_SWITCH}\b",
}
"""What a name of this field never holds, although it fits a pattern."""

TYPES: Final[Mapping[str, frozenset[str]]] = {
    email.PORT: frozenset({"Integer", "LongInteger", "Text"}),
    email.RECIPIENTS_MODE: frozenset({"Boolean"}),
}
_TEXTUAL: Final = frozenset({"Text", "Email", "PhoneNumber", ""})


@dataclass(frozen=True, slots=True)
class Words:
    """An entry in plain words."""

    entry: Entry
    name: str
    text: str

    @classmethod
    def of(cls, entry: Entry) -> "Words":
        """The name alone, and the name with the description."""
        name = plain(entry.name or "")
        return cls(entry, name, f"{name} {plain(entry.description or '')}".strip())

    @property
    def speaks_of_mail(self) -> bool:
        """Whether anything about it has to do with email."""
        return MAIL.search(f"{self.text} {plain(self.entry.key or '')}") is not None


def plain(text: str) -> str:
    """Words in lower case, one space between them: ``SMTP.UserName`` and ``smtp_user-name`` are ``smtp user name``."""
    text = (
        text.replace("OAuth", "Oauth").replace("eMail", "email").replace("E-mail", "email").replace("e-mail", "email")
    )
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return " ".join(re.findall(r"[^\W_]+", spaced.lower()))


def candidates(field: str, entries: Iterable[Words]) -> tuple[list[Entry], str]:
    """The entries that may be this field, best guess only, and what speaks for them."""
    excluded = re.compile(EXCLUDED.get(field, r"(?!)"))
    allowed = [words for words in entries if words.speaks_of_mail and not excluded.search(words.name)]
    for part in ("name", "text"):
        for pattern in PATTERNS[field]:
            fitting = [w.entry for w in allowed if re.search(pattern, w.name if part == "name" else w.text)]
            if fitting:
                where = "its name" if part == "name" else "its name and description"
                return _likelier(field, fitting), f"{where} fits /{pattern}/"
    return [], ""


def _likelier(field: str, fitting: list[Entry]) -> list[Entry]:
    """Where several fit, those whose data type and secrecy fit too; all of them if that leaves none."""
    if len(fitting) == 1:
        return fitting
    types = TYPES.get(field, _TEXTUAL)
    secret = email.SPECS[field].secret
    typed = [entry for entry in fitting if (entry.data_type or "") in types]
    exact = [entry for entry in typed if bool(entry.is_secret) == secret]
    return exact or typed or fitting
