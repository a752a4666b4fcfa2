"""What a refusal means and what to do next: the provider's own meaning first, then what the standards say.

Pure. Not here: the providers' data (``providers``), failures below SMTP (``connecting``, ``securing``).
Sources: RFC 5321 section 4.2, RFC 3463 (enhanced codes), RFC 4954 section 6 (AUTH), RFC 6647 (greylisting).
"""

from collections.abc import Mapping
from typing import Final

from stagemail.mail.faults import Fault
from stagemail.mail.providers import Provider
from stagemail.mail.wire import Reply
from stagemail.model.probe import StepName

Meaning = tuple[str, str, str]
_LATER: Final[Meaning] = ("try-later", "the server cannot do that now", "try again in some minutes")
_GREY: Final[Meaning] = (
    "greylisted",
    "the server makes senders that it does not know wait (greylisting)",
    "try again in some minutes; have this machine put on its allowlist",
)
_LOGIN: Final[Meaning] = ("login-required", "the server takes no mail here without a login", "add `authentication`")
_GENERAL: Final[Mapping[StepName, Meaning]] = {
    "greeting": ("greeting-refused", "the server takes no connection from here", "ask its admin to allow this address"),
    "ehlo": ("ehlo-refused", "the server refuses EHLO", "check `server.host`; it may not speak ESMTP"),
    "ehlo-secured": ("ehlo-refused", "the server refuses EHLO after TLS", "ask the server's admin"),
    "starttls": ("starttls-refused", "the server refuses STARTTLS", "ask the server's admin; nothing was sent"),
    "auth": ("wrong-password", "the server refuses user name and password", "compare both with the provider's"),
    "mail-from": (
        "sender-refused",
        "the server refuses this sender",
        "verify the sender at the provider, or change it",
    ),
    "rcpt-to": ("recipient-refused", "the server refuses", "check the address, and whether the server may relay to it"),
    "data": ("message-refused", "the server refuses the message", "read its reply; it names the reason"),
}
_AUTH: Final[Mapping[int, Meaning]] = {
    334: ("login-question", "the server asks something that this login does not have", "try another `--mechanism`"),
    432: ("password-change", "the password must be changed first", "set a new password, then rotate the secret"),
    454: ("auth-temporary", "the server cannot check logins now", "try again in some minutes"),
    500: ("auth-not-offered", "the server knows no login", "use its submission port (587)"),
    502: ("auth-not-offered", "the server knows no login", "use its submission port (587)"),
    503: ("auth-not-offered", "the server takes no login here", "use its submission port (587)"),
    504: ("mechanism-refused", "the server refuses the mechanism that it offered", "use another `authentication.type`"),
    530: ("tls-required", "the server wants TLS before a login", "write `security: starttls` or `tls`"),
    534: ("app-password-needed", "the password of the account is not enough for this server", "make an app password"),
    538: ("tls-required", "the server wants TLS before this login", "write `security: starttls` or `tls`"),
}


def refusal(step: StepName, reply: Reply, provider: Provider | None, about: str = "") -> Fault:
    """The fault of a reply that is no success. ``about``: the address that was refused."""
    for rule in provider.rules if provider else ():
        if rule.fits(step, reply.text):
            fault = Fault(rule.code, rule.cause, rule.next, reply=reply.text, retry=reply.transient)
            fault.source = rule.source
            return fault
    code, cause, advice = _meaning(step, reply)
    cause = f"{cause}: {about}" if about else cause
    return Fault(code, cause, advice, reply=reply.text, retry=reply.transient)


def _meaning(step: StepName, reply: Reply) -> Meaning:
    words = reply.text.lower()
    if step == "auth":
        return _AUTH.get(reply.code, _LATER if reply.transient else _GENERAL["auth"])
    if reply.transient:
        return _transient(step, reply, words)
    if reply.code == 530:
        return (
            ("tls-required", "the server wants TLS first", "write `security: starttls`") if "tls" in words else _LOGIN
        )
    if reply.code == 552 or reply.enhanced in ("5.3.4", "5.2.3"):
        return ("too-large", "the message is larger than the server takes", "send less; EHLO told the limit (SIZE)")
    if step == "rcpt-to":
        return _recipient(reply, words)
    return _GENERAL.get(step, ("refused", "the server refuses", "read its reply"))


def _transient(step: StepName, reply: Reply, words: str) -> Meaning:
    if "grey" in words or "gray" in words or (step == "rcpt-to" and reply.code in (450, 451)):
        return _GREY
    return _LATER


def _recipient(reply: Reply, words: str) -> Meaning:
    if "relay" in words or "relaying" in words:
        advice = "log in, or have this sender's network allowed; relays mail only for those they know"
        return "relay-denied", "the server does not relay to that address", advice
    if reply.enhanced in ("5.1.1", "5.1.2", "5.1.10") or "user unknown" in words:
        return "recipient-unknown", "the server does not know that recipient", "check the address"
    return _GENERAL["rcpt-to"]
