"""AUTH with a mail server: which mechanism, which lines, and never a password in clear.

Only the best mechanism that is offered is tried; another one only where the server cannot do that one, because every
wrong try counts towards a lock-out. Not here: tokens (``token``), what a refusal means (``explaining``).
Sources: RFC 4954 (AUTH), RFC 4616 (PLAIN), RFC 2195 (CRAM-MD5), draft-murchison-sasl-login (LOGIN), Google's and
Microsoft's "XOAUTH2" pages.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stagemail.mail.faults import Fault
from stagemail.mail.wire import Reply, Wire
from stagemail.model.probe import Basic, Fact, Mechanism, OAuth2
from stagemail.model.secret import Secret

ORDER: Final[tuple[Mechanism, ...]] = ("PLAIN", "LOGIN", "CRAM-MD5")
_NOT_THAT_ONE: Final = (504, 534)
"""Replies by which a server refuses a mechanism and not the credential (RFC 4954 section 6) …"""
_IN_CLEAR: Final = frozenset({"PLAIN", "LOGIN", "XOAUTH2"})


def mechanisms(
    authentication: Basic | OAuth2, offered: Sequence[str], *, secured: bool, only: Mechanism | None
) -> tuple[Mechanism, ...]:
    """The mechanisms to try, in order. Raises Fault where none may be used."""
    wanted: tuple[Mechanism, ...] = ("XOAUTH2",) if isinstance(authentication, OAuth2) else ORDER
    if only is not None:
        wanted = tuple(name for name in wanted if name == only)
    if not offered:
        raise Fault(
            "auth-not-offered",
            "the server offers no login here",
            "leave `authentication` out if it takes mail from your network, or use its submission port (587)",
        )
    fitting = tuple(name for name in wanted if name in offered)
    if not fitting:
        kind = "XOAUTH2" if isinstance(authentication, OAuth2) else " or ".join(wanted) or str(only)
        raise Fault(
            "mechanism-not-offered",
            f"the server offers {', '.join(offered)} and not {kind}",
            "write the `authentication.type` that it offers: basic for PLAIN, LOGIN, CRAM-MD5; oauth2 for XOAUTH2",
        )
    safe = fitting if secured else tuple(name for name in fitting if name not in _IN_CLEAR)
    if not safe:
        raise Fault(
            "password-in-clear",
            "without TLS the credential would travel in clear: it was not sent",
            "write `security: starttls` (port 587) or `tls` (port 465)",
        )
    return safe


def log_in(
    wire: Wire, authentication: Basic | OAuth2, token: Secret | None, names: Sequence[Mechanism]
) -> tuple[Reply, Mechanism, dict[str, Fact]]:
    """The server's last word on the login, by which mechanism, and what its challenge told. Raises Fault."""
    *first, last = names
    for name in first:
        reply, facts = _by(wire, name, authentication, token)
        if reply.code not in _NOT_THAT_ONE or reply.enhanced == "5.7.9":
            return reply, name, facts
    reply, facts = _by(wire, last, authentication, token)
    return reply, last, facts


def spoken(authentication: Basic | OAuth2 | None, token: Secret | None) -> tuple[str, ...]:
    """Every form in which the credential is sent, so that no reply that repeats it is ever shown."""
    if authentication is None:
        return ()
    if isinstance(authentication, OAuth2):
        hidden = [authentication.client_secret.reveal()]
        if token is not None:
            hidden += [token.reveal(), _coded(_bearer(authentication.username, token))]
        return tuple(hidden)
    password = authentication.password.reveal()
    return (password, _coded(password), _coded(_plain(authentication)))


def _by(
    wire: Wire, name: Mechanism, authentication: Basic | OAuth2, token: Secret | None
) -> tuple[Reply, dict[str, Fact]]:
    if isinstance(authentication, OAuth2):
        return _xoauth2(wire, authentication, token or Secret(""))
    if name == "PLAIN":
        return wire.command(f"AUTH PLAIN {_coded(_plain(authentication))}"), {}
    reply = wire.command(f"AUTH {name}")
    if reply.code != 334:
        return reply, {}
    if name == "CRAM-MD5":
        return wire.command(_coded(_cram(authentication, _decoded(reply)))), {}
    reply = wire.command(_coded(authentication.username))
    return (wire.command(_coded(authentication.password.reveal())) if reply.code == 334 else reply), {}


def _xoauth2(wire: Wire, authentication: OAuth2, token: Secret) -> tuple[Reply, dict[str, Fact]]:
    reply = wire.command(f"AUTH XOAUTH2 {_coded(_bearer(authentication.username, token))}")
    if reply.code != 334:
        return reply, {}
    told = _told(_decoded(reply))  # a refusal comes as a challenge, and wants an empty answer
    return wire.command(""), told


def _told(challenge: bytes) -> dict[str, Fact]:
    try:
        document: Any = json.loads(challenge)
    except ValueError:
        return {}
    members: Mapping[str, Any] = document if isinstance(document, dict) else {}
    return {
        name: str(members[name])[:100]
        for name in ("status", "scope")
        if isinstance(members.get(name), str) and str(members[name]).isprintable()
    }


def _plain(login: Basic) -> str:
    password = login.password.reveal()
    if "\0" in login.username or "\0" in password:
        raise Fault("bad-credential", "the credential holds a NUL, which AUTH cannot carry", "set another password")
    return f"\0{login.username}\0{password}"


def _cram(login: Basic, challenge: bytes) -> str:
    digest = hmac.new(login.password.reveal().encode(), challenge, "md5").hexdigest()
    return f"{login.username} {digest}"


def _bearer(username: str, token: Secret) -> str:
    return f"user={username}\x01auth=Bearer {token.reveal()}\x01\x01"


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _decoded(reply: Reply) -> bytes:
    try:
        return base64.b64decode(reply.lines[0].strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Fault("bad-challenge", "the server's challenge cannot be read", "try another mechanism") from None
