"""One SMTP conversation, step by step: what is asked, what was answered, how long it took.

Each step is recorded as data; the first that fails ends the conversation. Not here: lines (``wire``), mechanisms
(``logging_in``), what refusals mean (``explaining``).
Sources: RFC 5321 (order of commands), RFC 3207 (EHLO again after STARTTLS), RFC 1870 (SIZE), RFC 6531 (SMTPUTF8).
"""

import ssl
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import Any

from stagemail.mail import explaining, logging_in, providers, securing, token
from stagemail.mail.commands import Offers, international, mailbox, offers_of, stuffed
from stagemail.mail.connecting import Address, connect, resolve
from stagemail.mail.faults import Fault
from stagemail.mail.idn import plainest
from stagemail.mail.recording import Ended, Means, Recorder, Told
from stagemail.mail.wire import Reply, Wire
from stagemail.model.probe import Basic, Delivery, Extent, Fact, Mechanism, OAuth2, ProbeStep, Server, StepName
from stagemail.model.secret import Secret


class Conversation:
    """A conversation with one server. ``close`` it whatever happened."""

    def __init__(self, server: Server, means: Means) -> None:
        self._record = Recorder(means.bounds.total)
        self._record.hidden = logging_in.spoken(server.authentication, None)
        self._server = server
        self._means = means
        self._provider = providers.of(server.host)
        self._end = time.monotonic() + means.bounds.total
        self._wire: Wire | None = None
        self._address: Address | None = None
        self._offers = Offers()

    @property
    def steps(self) -> tuple[ProbeStep, ...]:
        """What happened so far."""
        return tuple(self._record.steps)

    def enter(self, extent: Extent) -> None:
        """From the name to a login. Raises Ended."""
        self._connect(extent)
        if self._server.security == "tls":
            self._record.step("tls", self._secure)
        self._record.step("greeting", self._greeting)
        self._record.step("ehlo", lambda: self._ehlo("ehlo"))
        if self._server.security == "starttls":
            self._record.step("starttls", self._starttls)
            self._record.step("ehlo-secured", lambda: self._ehlo("ehlo-secured"))
        if self._server.authentication is not None:
            self._log_in(self._server.authentication, extent)

    def envelope(self, sender: str, recipients: tuple[str, ...], size: int = 0) -> None:
        """MAIL FROM and every RCPT TO. ``size`` in bytes, 0 where there is no message. Raises Ended."""
        self._record.step("mail-from", lambda: self._mail_from(sender, size))
        if recipients:
            self._record.step("rcpt-to", lambda: self._recipients(recipients))

    def message(self, content: bytes, begin: Callable[[], None]) -> Delivery:
        """DATA, and what became of it. ``begin`` is called directly before; what it raises goes through."""
        begin()
        left = False

        def work() -> Told:
            nonlocal left
            reply = self._open.command("DATA")
            if reply.code != 354:
                raise self._refusal("data", reply)
            left = True
            self._open.send_bytes(stuffed(content))
            reply = self._open.reply()
            if not reply.good:
                raise self._refusal("data", reply)
            return Told({"bytes": len(content)}, reply.text)

        try:
            self._record.step("data", work)
        except Ended:
            if self.steps[-1].reply:
                return "refused"
            return "unknown" if left else "not-sent"
        return "accepted"

    def leave(self, *, reset: bool) -> None:
        """RSET where an envelope was begun, and QUIT; what goes wrong here matters little."""
        with suppress(Ended):
            if reset:
                self._record.step("rset", lambda: self._polite("RSET"))
            self._record.step("quit", lambda: self._polite("QUIT"))

    def close(self) -> None:
        """Let go of the connection."""
        if self._wire is not None:
            self._wire.close()

    @property
    def _open(self) -> Wire:
        if self._wire is None:
            raise Fault("closed", "there is no connection", "try again", retry=True)
        return self._wire

    def _connect(self, extent: Extent) -> None:
        server, means = self._server, self._means
        found: tuple[Address, ...] = ()

        def look() -> Told:
            nonlocal found
            if not means.egress.allows(server.host, server.port):
                raise Fault(
                    "destination-refused",
                    f"the operator file does not allow connecting to {server.destination}",
                    f'if it is meant, add "{server.destination}" to `mail.destinations` there, or to a grant',
                )
            found = resolve(server.host, server.port, means.egress, means.bounds, extent.family)
            facts: dict[str, Fact] = {"addresses": tuple(address.ip for address in found)}
            routed = means.egress.routes.get(server.destination)
            return Told({**facts, "route": routed} if routed else facts)

        def open_() -> Told:
            made, self._address, tried = connect(found, means.bounds, self._end - time.monotonic())
            self._wire = Wire(made, means.bounds, self._end)
            self._wire.hidden = self._record.hidden
            facts: dict[str, Fact] = {"address": str(self._address), "family": f"IPv{self._address.family}"}
            if not tried:
                return Told(facts)
            warning = ("address-silent", f"not every address answers: {'; '.join(tried)}", "mend or remove it in DNS")
            return Told({**facts, "tried": tuple(tried)}, "", warning)

        self._record.step("resolve", look)
        self._record.step("connect", open_)

    def _secure(self) -> Told:
        asked = self._server.security == "starttls"
        try:
            self._open.start_tls(self._means.context, self._server.host, asked=asked)
            tls = self._open.tls
            facts = securing.agreed(tls, self._means.now()) if tls else {}
        except OSError as error:
            facts = self._looked_at() if isinstance(error, ssl.SSLCertVerificationError) else {}
            fault = securing.fault_of(error, self._server.host, facts)
            raise (securing.injected() if asked and fault.code == "tls-not-spoken" else fault) from None
        left = facts.get("daysLeft")
        if isinstance(left, int) and left < securing.SOON:
            return Told(facts, "", ("certificate-ends", f"its certificate ends in {left} days", "have it renewed"))
        return Told(facts)

    def _looked_at(self) -> dict[str, Fact]:
        """The certificate that was refused, seen over connections on which nothing else is sent."""
        seen = b""
        for context in (securing.any_context(), None):
            try:
                seen, plain = self._certificate(context or securing.anchored_context(seen), whole=context is None)
            except (Fault, OSError, ValueError):
                return {}
            if plain:
                return securing.certificate_facts(plain, self._means.now())
            if not seen:
                return {}
        return {}

    def _certificate(self, context: ssl.SSLContext, *, whole: bool) -> tuple[bytes, dict[str, Any] | None]:
        """The certificate in DER, and (``whole``) as the library reads it."""
        with closing(self._again(context)) as wire:
            tls = wire.tls
            seen = (tls.getpeercert(binary_form=True) if tls else b"") or b""
            return seen, (tls.getpeercert() if tls and whole else None)

    def _again(self, context: ssl.SSLContext) -> Wire:
        if self._address is None:
            raise Fault("closed", "there is no connection", "try again", retry=True)
        made, _, _ = connect((self._address,), self._means.bounds, self._end - time.monotonic())
        wire = Wire(made, self._means.bounds, self._end)
        try:
            asked = self._server.security == "starttls"
            if asked:
                wire.reply()
                wire.command(f"EHLO {self._means.helo}")
                wire.command("STARTTLS")
            wire.start_tls(context, self._server.host, asked=asked)
        except BaseException:
            wire.close()
            raise
        return wire

    def _greeting(self) -> Told:
        reply = self._open.reply()
        if reply.code != 220:
            raise self._refusal("greeting", reply)
        if self._open.unexpected():
            raise Fault(
                "bytes-before-ehlo",
                "the server (or somebody on the way) sent more after its greeting: aborted",
                "somebody may be tampering with this connection; look at what lies between here and the server",
            )
        return Told({}, reply.text)

    def _ehlo(self, step: StepName) -> Told:
        reply = self._open.command(f"EHLO {self._means.helo}")
        if not reply.good:
            raise self._refusal(step, reply)
        self._offers = offers_of(reply.lines)
        facts = self._offers.facts
        if step == "ehlo" and self._server.security == "none" and "STARTTLS" in self._offers:
            warning = ("tls-not-used", "the server offers TLS and `security: none` does not use it", "write starttls")
            return Told(facts, "", warning)
        return Told(facts)

    def _starttls(self) -> Told:
        if "STARTTLS" not in self._offers:
            raise Fault(
                "starttls-missing",
                "the server does not offer STARTTLS, which the configuration asks for: nothing was sent in clear",
                "check port and host; if it always offered it, somebody may be stripping it on the way",
            )
        reply = self._open.command("STARTTLS")
        if reply.code != 220:
            raise self._refusal("starttls", reply)
        told = self._secure()
        return Told(told.facts, reply.text, told.warning)

    def _log_in(self, authentication: Basic | OAuth2, extent: Extent) -> None:
        names = self._chosen(authentication, extent.mechanism)
        bought: Secret | None = None

        def buy(oauth: OAuth2) -> Told:
            nonlocal bought
            bought, facts = token.fetch(oauth, self._means.egress, self._means.bounds, self._means.context)
            self._record.hidden = self._open.hidden = logging_in.spoken(oauth, bought)
            return Told(facts)

        def authenticate() -> Told:
            reply, by, told = logging_in.log_in(self._open, authentication, bought, names)
            facts: dict[str, Fact] = {"mechanism": by, "user": authentication.username, **told}
            if reply.code != 235:
                fault = self._refusal("auth", reply)
                fault.facts.update(facts)
                raise fault
            return Told(facts, reply.text)

        if isinstance(authentication, OAuth2):
            self._record.step("token", partial(buy, authentication))
        self._record.step("auth", authenticate)

    def _chosen(self, authentication: Basic | OAuth2, only: Mechanism | None) -> tuple[Mechanism, ...]:
        secured = self._open.tls is not None
        try:
            return logging_in.mechanisms(authentication, self._offers.mechanisms, secured=secured, only=only)
        except Fault as fault:
            self._record.fail("auth", fault, 0.0)

    def _mail_from(self, address: str, size: int) -> Told:
        sender = plainest(address)
        limit = self._offers.limit
        if size and limit and size > limit:
            cause = f"the message has {size} bytes, the server takes {limit}: it was not sent"
            raise Fault("too-large", cause, "send less")
        parameters = f" SIZE={size}" if size and "SIZE" in self._offers else ""
        parameters += international(sender, self._offers)
        reply = self._open.command(f"MAIL FROM:<{mailbox(sender)}>{parameters}")
        if not reply.good:
            raise self._refusal("mail-from", reply, sender)
        return Told({"sender": sender}, reply.text)

    def _recipients(self, recipients: tuple[str, ...]) -> Told:
        said = ""
        for recipient in map(plainest, recipients):
            international(recipient, self._offers)
            reply = self._open.command(f"RCPT TO:<{mailbox(recipient)}>")
            if not reply.good:
                raise self._refusal("rcpt-to", reply, recipient)
            said = reply.text
        return Told({"recipients": recipients}, said)

    def _polite(self, command: str) -> Told:
        try:
            reply = self._open.command(command)
        except Fault as fault:
            return Told({}, "", ("left-abruptly", f"{command}: {fault.cause}", "nothing needs to be done"))
        return Told({}, reply.text)

    def _refusal(self, step: StepName, reply: Reply, about: str = "") -> Fault:
        return explaining.refusal(step, reply, self._provider, about)
