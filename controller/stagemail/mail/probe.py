"""Speaks with real mail servers: implements ``ports.MailProbe``.

Not here: the steps themselves (``conversation``), who may ask (``reconcile.preflight``).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from socket import gethostname
from threading import BoundedSemaphore

from stagemail.mail import providers
from stagemail.mail.bounds import Bounds
from stagemail.mail.commands import helo_name
from stagemail.mail.conversation import Conversation
from stagemail.mail.recording import Ended, Means
from stagemail.mail.securing import context_of
from stagemail.model.egress import Egress
from stagemail.model.probe import Delivery, Extent, Letter, Probed, Sent, Server
from stagemail.ports import Clock


class SmtpProbe:
    """One vantage point: this machine, with the operator's egress rules. Thread-safe."""

    def __init__(self, egress: Egress, bounds: Bounds, clock: Clock, vantage: str, ca_file: Path | None) -> None:
        self._means = Means(egress, bounds, context_of(ca_file), helo_name(gethostname()), clock.now)
        self._vantage = vantage
        self._turns = {one.name: BoundedSemaphore(one.connections) for one in providers.known()[1] if one.connections}

    def probe(self, server: Server, extent: Extent) -> Probed:
        """A conversation in which nothing is sent."""
        with self._turn(server):
            return self._probe(server, extent)

    def send(self, server: Server, letter: Letter, begin: Callable[[], None]) -> Sent:
        """One letter, to all of its recipients or to none."""
        with self._turn(server):
            return self._send(server, letter, begin)

    def _turn(self, server: Server) -> AbstractContextManager[object]:
        """Waits where a provider limits how many connections it takes at a time."""
        known = providers.of(server.host)
        return self._turns.get(known.name, nullcontext()) if known else nullcontext()

    def _probe(self, server: Server, extent: Extent) -> Probed:
        talk = Conversation(server, self._means)
        try:
            talk.enter(extent)
            wants = extent.until == "sender" and bool(extent.sender)
            if wants:
                talk.envelope(extent.sender, extent.recipients)
            talk.leave(reset=wants)
        except Ended:
            pass
        finally:
            talk.close()
        return self._told(server, talk)

    def _send(self, server: Server, letter: Letter, begin: Callable[[], None]) -> Sent:
        talk = Conversation(server, self._means)
        delivery: Delivery = "not-sent"
        try:
            talk.enter(Extent())
            talk.envelope(letter.sender, letter.recipients, len(letter.content))
            delivery = talk.message(letter.content, begin)
            if delivery in ("accepted", "refused"):
                talk.leave(reset=False)
        except Ended:
            pass
        finally:
            talk.close()
        return Sent(self._told(server, talk), delivery)

    def _told(self, server: Server, talk: Conversation) -> Probed:
        known = providers.of(server.host)
        return Probed(server.destination, self._vantage, talk.steps, known.name if known else "")
