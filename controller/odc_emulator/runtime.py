"""An emulated app at work: sends a real email over SMTP with what it runs with, to its test list while that is active.

Blocking; the control API calls it in a thread. TLS is verified for the configured name, whatever address the resolve
table sends the connection to.
"""

import base64
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, getaddresses
from pathlib import Path
from typing import Any

import httpx2

from odc_emulator.view import Deployed

TIMEOUT = 10.0  # seconds of wall time for each network step


@dataclass(frozen=True, slots=True)
class Letter:
    """What the app wants to send."""

    to: list[str]
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    subject: str = "Hello from an emulated app"
    text: str = "This email was sent by an emulated app.\n"


class NotSentError(Exception):
    """Why the app could not send."""


def send(deployed: Deployed, letter: Letter, resolve: Mapping[str, str], ca_file: Path | None) -> dict[str, Any]:
    """Send, and report envelope, TLS, login and the server's replies; `sent` False comes with `error`."""
    report: dict[str, Any] = {"sent": False, "testList": deployed.test_list is not None, "replies": []}
    try:
        envelope, message = compose(deployed, letter)
        report |= {"envelope": {"from": str(message["From"].addresses[0].addr_spec), "to": envelope}}
        _deliver(deployed, envelope, message, resolve=resolve, ca_file=ca_file, report=report)
    except (NotSentError, OSError, smtplib.SMTPException, httpx2.HTTPError) as error:
        return report | {"error": f"{type(error).__name__}: {error}"}
    return report | {"sent": True}


def compose(deployed: Deployed, letter: Letter) -> tuple[list[str], EmailMessage]:
    """The envelope's recipients and the message; an active test list replaces To, Cc and Bcc altogether."""
    settings = deployed.settings
    message = EmailMessage()
    sender = settings["senderAddress"]
    if not sender or "@" not in sender:
        raise NotSentError("no sender address is deployed")
    message["From"] = Address(settings["senderName"] or "", addr_spec=sender)
    to, cc, bcc = letter.to, letter.cc, letter.bcc
    if deployed.test_list is not None:
        to, cc, bcc = members(deployed.test_list), [], []
    if not [*to, *cc, *bcc]:
        raise NotSentError("there is no recipient" + (": the test list is empty" if deployed.test_list == "" else ""))
    message["To"] = ", ".join(to)
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Subject"], message["Date"] = letter.subject, formatdate()
    message.set_content(letter.text)
    return [address for _, address in getaddresses([*to, *cc, *bcc])], message


def members(test_list: str) -> list[str]:
    """The members of a stored test list, whatever separator the profile uses."""
    return [part.strip() for part in test_list.replace(";", ",").replace("\n", ",").split(",") if part.strip()]


def _deliver(
    deployed: Deployed,
    envelope: list[str],
    message: EmailMessage,
    *,
    resolve: Mapping[str, str],
    ca_file: Path | None,
    report: dict[str, Any],
) -> None:
    host, port = deployed.settings["host"], int(deployed.settings["port"] or 587)
    if not host:
        raise NotSentError("no SMTP server is deployed")
    security = (deployed.settings.get("security") or "").upper()
    implicit = security == "TLS" or (not security and port == 465)
    connection: smtplib.SMTP
    if implicit:
        connection = _TlsConnection(_address(resolve, host, port), ssl.create_default_context(cafile=ca_file))
    else:
        connection = _Connection(_address(resolve, host, port))
    with connection as smtp:
        smtp.connect(host, port)
        smtp.ehlo()
        if not implicit and security != "NONE" and (smtp.has_extn("starttls") or security == "STARTTLS"):
            smtp.starttls(context=ssl.create_default_context(cafile=ca_file))
            smtp.ehlo()
        report["tls"] = isinstance(smtp.sock, ssl.SSLSocket)
        _log_in(smtp, deployed, ca_file)
        _transfer(smtp, report["envelope"]["from"], envelope, message, report["replies"])


def _transfer(smtp: smtplib.SMTP, sender: str, envelope: list[str], message: EmailMessage, replies: list[str]) -> None:
    steps = [smtp.mail(sender), *(smtp.rcpt(recipient) for recipient in envelope)]
    replies.extend(f"{code} {text.decode('utf-8', 'replace')}" for code, text in steps)
    if any(code >= 400 for code, _ in steps):
        raise NotSentError(f"the server refused: {'; '.join(replies)}")
    code, text = smtp.data(message.as_bytes())
    replies.append(f"{code} {text.decode('utf-8', 'replace')}")
    if code >= 400:
        raise NotSentError(f"the server refused the message: {replies[-1]}")


def _log_in(smtp: smtplib.SMTP, deployed: Deployed, ca_file: Path | None) -> None:
    settings = deployed.settings
    if deployed.authentication == "basic":
        smtp.login(settings["username"] or "", settings["password"] or "")
    elif deployed.authentication == "oauth2":
        token = _token(settings, ca_file)
        sentence = f"user={settings['senderAddress']}\x01auth=Bearer {token}\x01\x01"
        encoded = base64.b64encode(sentence.encode()).decode()
        code, text = smtp.docmd("AUTH", f"XOAUTH2 {encoded}")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, text)


def _token(settings: Mapping[str, str | None], ca_file: Path | None) -> str:
    url = settings["tokenUrl"]
    if not url:
        raise NotSentError("no token URL is deployed")
    form = {"grant_type": "client_credentials", "client_id": settings["clientId"], "scope": settings["scopes"]}
    form["client_secret"] = settings["clientSecret"]
    context = ssl.create_default_context(cafile=ca_file)
    response = httpx2.post(
        url, data={k: v for k, v in form.items() if v}, timeout=TIMEOUT, verify=context, trust_env=False
    )
    document = response.json() if response.headers.get("content-type", "").startswith("application/json") else {}
    token = document.get("access_token")
    if not isinstance(token, str):
        raise NotSentError(f"the token URL answered {response.status_code} {document.get('error', '')}".rstrip())
    return token


def _address(resolve: Mapping[str, str], host: str, port: int) -> tuple[str, int]:
    ip, _, found = resolve.get(f"{host}:{port}", f"{host}:{port}").rpartition(":")
    return ip, int(found)


class _Connection(smtplib.SMTP):
    """smtplib that connects to another address than the name it speaks to."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(local_hostname="emulated-app.example.com", timeout=TIMEOUT)
        self._address = address

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> Any:
        self._host = host  # what certificates are verified for
        return super().connect(host, port, source_address)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host, port
        return socket.create_connection(self._address, timeout)


class _TlsConnection(_Connection):
    """The same with TLS from the first byte."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(address)
        self._context = context

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)
