"""The failures of mail servers that we tried: how each was brought about, and the code by which preflight names it.

``docs/reference/preflight.md`` has one row per case; ``test_failures`` holds both together. Not here: Postfix's own.
"""

import socket
import ssl
import struct
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.unit.mail import certificates
from tests.unit.mail.servers import Line, server_context

from stagemail.model.probe import Security, StepName

Play = Callable[[Line], None]
PLAIN = ("250-smtp.example.com", "250-SIZE 1000", "250-AUTH PLAIN LOGIN", "250 8BITMIME")
STARTTLS = ("250-smtp.example.com", "250 STARTTLS")


@dataclass(frozen=True)
class Case:
    """One failure. ``play`` gets the folder of certificates; ``host``: the name under which the server is known."""

    what: str
    step: StepName
    code: str
    play: Callable[[Path], Play]
    security: Security = "tls"
    host: str = certificates.NAME


def talk(*turns: str) -> Play:
    """Says what stands after ``S:``, several lines with ``|`` between; hears one line at each ``C``."""

    def play(line: Line) -> None:
        for turn in turns:
            if turn == "C":
                line.hear()
            else:
                line.say(*turn.removeprefix("S:").split("|"))

    return play


def inside(folder: Path, *turns: str) -> Play:
    """The same inside TLS from the first byte, with a good certificate."""
    context = server_context(*certificates.ensure_certificates(folder, certificates.NAME))

    def play(line: Line) -> None:
        line.secure(context)
        talk(*turns)(line)

    return play


def login(reply: str) -> Callable[[Path], Play]:
    """A server that gives this reply to AUTH PLAIN."""
    return lambda folder: inside(folder, "S:220 hello", "C", f"S:{'|'.join(PLAIN)}", "C", f"S:{reply}", "C")


def mail_from(reply: str) -> Callable[[Path], Play]:
    """… to MAIL FROM."""
    return lambda folder: inside(
        folder, "S:220 hello", "C", f"S:{'|'.join(PLAIN)}", "C", "S:235 2.7.0 in", "C", f"S:{reply}", "C"
    )


def rcpt_to(reply: str) -> Callable[[Path], Play]:
    """… to RCPT TO."""
    turns = ("S:220 hello", "C", f"S:{'|'.join(PLAIN)}", "C", "S:235 2.7.0 in", "C", "S:250 ok", "C", f"S:{reply}", "C")
    return lambda folder: inside(folder, *turns)


def said(*turns: str) -> Callable[[Path], Play]:
    """A conversation without TLS."""
    return lambda _folder: talk(*turns)


def secured(make: Callable[[Path], ssl.SSLContext]) -> Callable[[Path], Play]:
    """STARTTLS with a certificate or context of the test's choice."""

    def build(folder: Path) -> Play:
        context = make(folder)

        def play(line: Line) -> None:
            line.say("220 hello")
            line.hear()
            line.say(*STARTTLS)
            line.hear()
            line.say("220 go ahead")
            line.secure(context)
            line.hear()

        return play

    return build


def _other_name(folder: Path) -> ssl.SSLContext:
    return server_context(*certificates.ensure_certificates(folder, "mail.elsewhere.example"))


def _old(folder: Path) -> ssl.SSLContext:
    context = server_context(*certificates.ensure_certificates(folder, certificates.NAME))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _drip(line: Line) -> None:
    for _ in range(200):
        line.socket.sendall(b"2")
        time.sleep(0.05)


def _late(line: Line) -> None:
    """Once the client has begun to speak TLS."""
    talk("S:220 hello", "C", f"S:{'|'.join(STARTTLS)}", "C", "S:220 go ahead")(line)
    line.socket.recv(1)
    line.say("235 2.7.0 injected")
    line.hear()


def _reset(line: Line) -> None:
    talk("S:220 hello", "C", f"S:{'|'.join(STARTTLS)}", "C", "S:220 go ahead")(line)
    line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() sends RST


def _endless_lines(line: Line) -> None:
    for _ in range(400):
        line.say("220-still greeting")


OFFICE = "smtp.office365.com"
GMAIL = "smtp.gmail.com"
SES = "email-smtp.eu-west-1.amazonaws.com"
OFF = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
BASIC_OFF = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."

CASES: tuple[Case, ...] = (
    Case("greets with 554", "greeting", "greeting-refused", said("S:554 5.7.1 go away"), "starttls"),
    Case("greets with 421", "greeting", "try-later", said("S:421 4.3.2 too many"), "starttls"),
    Case("speaks HTTP", "greeting", "not-smtp", said("S:HTTP/1.1 400 Bad Request"), "starttls"),
    Case("says more than its greeting", "greeting", "bytes-before-ehlo", said("S:220 hello|250 injected"), "starttls"),
    Case("greets without end", "greeting", "oversized-answer", lambda _: _endless_lines, "starttls"),
    Case("sends a line of 8 KB", "greeting", "oversized-answer", said(f"S:220 {'x' * 8192}"), "starttls"),
    Case("sends a byte every 50 ms", "greeting", "too-slow", lambda _: _drip, "starttls"),
    Case("hangs up", "greeting", "closed", said(), "starttls"),
    Case("answers STARTTLS before it is asked", "starttls", "bytes-unasked",
         said("S:220 hello", "C", f"S:{'|'.join(STARTTLS)}|220 injected", "C"), "starttls"),
    Case("refuses EHLO", "ehlo", "ehlo-refused", said("S:220 hello", "C", "S:502 unknown"), "starttls"),
    Case(
        "does not offer STARTTLS", "starttls", "starttls-missing",
        said("S:220 hello", "C", f"S:{'|'.join(PLAIN)}", "C"), "starttls",
    ),
    Case(
        "refuses STARTTLS", "starttls", "try-later",
        said("S:220 hello", "C", f"S:{'|'.join(STARTTLS)}", "C", "S:454 4.7.0 TLS not available", "C"), "starttls",
    ),
    Case(
        "injects bytes after STARTTLS", "starttls", "bytes-before-tls",
        said("S:220 hello", "C", f"S:{'|'.join(STARTTLS)}", "C", "S:220 go ahead|235 2.7.0 injected", "C"), "starttls",
    ),
    Case("injects bytes into the handshake", "starttls", "bytes-before-tls", lambda _: _late, "starttls"),
    Case("resets the connection in the handshake", "starttls", "tls-broken-off", lambda _: _reset, "starttls"),
    Case("hangs up in the handshake", "starttls", "tls-broken-off",
         said("S:220 hello", "C", f"S:{'|'.join(STARTTLS)}", "C", "S:220 go ahead"), "starttls"),
    Case("has a certificate for another name", "starttls", "certificate-other-name", secured(_other_name), "starttls"),
    Case(
        "has a certificate that ended", "starttls", "certificate-expired",
        secured(lambda folder: server_context(certificates.ended(folder))), "starttls",
    ),
    Case(
        "has a certificate signed by itself", "starttls", "certificate-self-signed",
        secured(lambda folder: server_context(certificates.self_signed(folder))), "starttls",
    ),
    Case(
        "has a certificate of an authority that nobody knows", "starttls", "certificate-unknown-authority",
        secured(lambda folder: server_context(*certificates.ensure_certificates(folder / "other", certificates.NAME))),
        "starttls",
    ),
    Case("speaks TLS 1.1 at most", "starttls", "tls-too-old", secured(_old), "starttls"),
    Case("expects STARTTLS where tls is written", "tls", "tls-not-spoken", said("S:220 hello", "C"), "tls"),
    Case(
        "offers a login without TLS only", "auth", "password-in-clear",
        said("S:220 hello", "C", f"S:{'|'.join(PLAIN)}", "C"), "none",
    ),
    Case("offers no login", "auth", "auth-not-offered",
         lambda folder: inside(folder, "S:220 hello", "C", "S:250 smtp.example.com", "C")),
    Case("offers other logins only", "auth", "mechanism-not-offered",
         lambda folder: inside(folder, "S:220 hello", "C", "S:250-smtp.example.com|250 AUTH GSSAPI", "C")),
    Case("334: another question", "auth", "login-question", login("334 QUJD")),
    Case("535: wrong password", "auth", "wrong-password", login("535 5.7.8 authentication failed")),
    Case("534: app password needed", "auth", "app-password-needed", login("534 5.7.9 not strong enough")),
    Case("454: cannot check logins", "auth", "auth-temporary", login("454 4.7.0 temporary failure")),
    Case("538: wants TLS", "auth", "tls-required", login("538 5.7.11 encryption required")),
    Case("Exchange Online: SMTP AUTH is off", "auth", "smtp-auth-off", login(OFF), host=OFFICE),
    Case("Exchange Online: Basic AUTH is off", "auth", "basic-auth-off", login(BASIC_OFF), host=OFFICE),
    Case("Exchange Online: Basic AUTH is retired", "auth", "basic-auth-off",
         login("550 5.7.30 Basic authentication is not supported for Client Submission."), host=OFFICE),
    Case("Exchange Online: a policy refuses", "auth", "policy-refused",
         login("535 5.7.139 Authentication unsuccessful, user is locked by a policy."), host=OFFICE),
    Case("Exchange Online: wrong password or token", "auth", "wrong-password",
         login("535 5.7.3 Authentication unsuccessful"), host=OFFICE),
    Case("Google: app password needed", "auth", "app-password-needed",
         login("534-5.7.9 Application-specific password required.|534 5.7.9 gsmtp"), host=GMAIL),
    Case("Google: wrong password", "auth", "wrong-password",
         login("535-5.7.8 Username and Password not accepted.|535 5.7.8 gsmtp"), host=GMAIL),
    Case("Amazon SES: not SMTP credentials", "auth", "wrong-password",
         login("535 Authentication Credentials Invalid"), host=SES),
    Case("530 at MAIL FROM", "mail-from", "login-required", mail_from("530 5.7.0 Authentication required")),
    Case("550 at MAIL FROM", "mail-from", "sender-refused", mail_from("553 5.7.1 not your address")),
    Case("452 at MAIL FROM", "mail-from", "try-later", mail_from("452 4.3.1 no space")),
    Case("450 at RCPT TO: greylisted", "rcpt-to", "greylisted", rcpt_to("450 4.2.0 Greylisted, see you later")),
    Case("554 at RCPT TO: relay denied", "rcpt-to", "relay-denied", rcpt_to("554 5.7.1 Relay access denied")),
    Case("550 at RCPT TO: no such mailbox", "rcpt-to", "recipient-unknown", rcpt_to("550 5.1.1 User unknown")),
    Case("550 at RCPT TO: other", "rcpt-to", "recipient-refused", rcpt_to("550 5.7.1 not from you")),
)  # fmt: skip
