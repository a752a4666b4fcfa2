"""Mail checks of one run: the prober with the operator's egress rules, the books of test messages.

The modules that speak SMTP are loaded when something is to be asked. Not here: who asks (``reconcile``).
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from stagemail.errors import NotFound, UsageError
from stagemail.model.message import Message, MessageState
from stagemail.model.probe import Extent, Probed
from stagemail.model.snapshot import Desired
from stagemail.ports import MailProbe, Outbox
from stagemail.reconcile.credentials import Credentials
from stagemail.reconcile.preflight import preflights, server_with
from stagemail.reconcile.send_test import Asked, Done, Envelope, envelope_of, send_test
from stagemail.reconcile.stages import StageResult
from stagemail.wiring.identity import actor, vantage
from stagemail.wiring.installation import Installation
from stagemail.wiring.late_probe import LateProbe

SIDE_BY_SIDE = 128
"""Conversations at the same time at most: they wait for servers and cost a thread each."""
_ALONE = "stagemail.messages"
"""The folder of the books where the record is no file that they could lie beside."""


class Mail:
    """What a run may do with mail servers."""

    def __init__(
        self,
        installation: Installation,
        credentials: Callable[[], Credentials],
        closing: ExitStack,
        scrub: Callable[[str], str],
    ) -> None:
        self._installation = installation
        self._scrub = scrub
        self._credentials = credentials
        self._closing = closing
        self.probe = LateProbe(self._prober)

    def preflights(self, stages: Sequence[Desired], asked: Extent) -> tuple[StageResult[Probed], ...]:
        """Try these stages at the same time."""
        executor = ThreadPoolExecutor(min(SIDE_BY_SIDE, max(1, len(stages))), thread_name_prefix="preflight")
        self._closing.callback(executor.shutdown, wait=False, cancel_futures=True)
        return preflights(stages, asked, self._credentials(), self.probe, executor)

    def send_test(self, desired: Desired, asked: Asked, name: str, *, is_html: bool) -> Done:
        """Send one test message; ``name`` is the template's."""
        if asked.id and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", asked.id):
            raise UsageError("--id takes letters, digits and hyphens, at most 64")
        composing: Any = import_module("stagemail.mail.composing")
        template = composing.template_of(asked.content, name)
        subject = asked.subject or composing.subject_of(template, is_html=is_html)
        asked = Asked(asked.app, asked.to, asked.cc, asked.bcc, asked.content, subject, asked.id)
        allowed = tuple(self._installation.operator.mail.test_recipients)
        envelope = envelope_of(desired, asked, allowed)
        fields = desired.configuration.fields if desired.configuration else {}
        sender_name = str(fields.get("sender.name") or "")

        def compose(message: Message, reached: Envelope) -> bytes:
            made: bytes = composing.compose(
                message, template, is_html=is_html, sender_name=sender_name, to=reached.to, cc=reached.cc
            )
            return made

        return send_test(
            desired,
            asked,
            envelope,
            server=lambda: server_with(desired, self._credentials()),
            probe=self.probe,
            outbox=self._outbox,
            compose=compose,
            make_id=composing.message_id,
            now=self._installation.clock.now(),
            actor=actor(),
        )

    def settle(self, id_: str, state: MessageState) -> Message:
        """A person looked: this is what became of a message. Raises NotFound."""
        open_ = [message for message in self._outbox.messages() if message.id == id_ and message.unknown]
        if not open_:
            raise NotFound(
                f"no test message {id_} waits for an answer here",
                hint="`stagemail send-test` names the id where nobody knows",
            )
        self._outbox.settle(open_[-1], state, "")
        return open_[-1]

    @cached_property
    def _outbox(self) -> Outbox:
        module: Any = import_module("stagemail.mail.outbox")
        books: Outbox = module.FolderOutbox(books_of(self._installation), self._scrub)
        return books

    def _prober(self) -> MailProbe:
        probe: Any = import_module("stagemail.mail.probe")
        bounds: Any = import_module("stagemail.mail.bounds")
        rules: Any = import_module("stagemail.resources.mail")
        operator = self._installation.operator
        granted = [destination for grant in operator.grants for destination in grant.destinations]
        authority = operator.mail.ca_file
        made: MailProbe = probe.SmtpProbe(
            rules.egress_of(operator.mail, granted),
            bounds.Bounds(),
            self._installation.clock,
            operator.mail.vantage or vantage(),
            self._installation.base / authority if authority else None,
        )
        return made


def books_of(installation: Installation) -> Path:
    """Where the books of test messages are: beside an SQLite record, else beside the operator file."""
    kind, _, rest = installation.operator.state.partition(":///")
    name = f"{rest}.messages" if kind == "sqlite" and rest else _ALONE
    return installation.base / name


def move_books(installation: Installation, record: Path) -> None:
    """Take the books along where this SQLite record is left for another: what was sent once stays sent."""
    module: Any = import_module("stagemail.mail.outbox")
    module.FolderOutbox(installation.base / _ALONE).take_over(record.with_name(f"{record.name}.messages"))
