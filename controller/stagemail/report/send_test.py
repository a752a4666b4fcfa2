"""What became of a test message, as text and JSON: who got it, what the server said, what to do where nobody knows.

Takes what ``reconcile.send_test`` gives, by its shape. Not here: sending.
"""

from typing import Protocol

from stagemail.model.message import Message
from stagemail.model.probe import Delivery, Sent
from stagemail.report.envelope import envelope
from stagemail.report.preflight import steps_of
from stagemail.report.sheet import Sheet, Style

KIND = "send-test"
_WORDS: dict[Delivery, tuple[str, Style]] = {
    "accepted": ("accepted", "green"),
    "refused": ("refused", "red"),
    "not-sent": ("not sent", "red"),
    "unknown": ("unknown", "yellow"),
}


class Reached(Protocol):
    """Who gets it (``reconcile.send_test.Envelope``)."""

    @property
    def replaced(self) -> tuple[str, ...]: ...


class Finished(Protocol):
    """What became of it (``reconcile.send_test.Done``)."""

    @property
    def message(self) -> Message: ...
    @property
    def envelope(self) -> Reached: ...
    @property
    def sent(self) -> Sent | None: ...
    @property
    def delivery(self) -> Delivery: ...


def send_test_text(done: Finished, *, width: int = 80, color: bool = False) -> str:
    """One paragraph, and the next step."""
    sheet = Sheet(width, color=color)
    message = done.message
    sheet.line(_WORDS[done.delivery], f": test message {message.id} to {', '.join(message.recipients)}")
    if done.envelope.replaced:
        listed = ", ".join(done.envelope.replaced)
        sheet.line(f"the test list is on: it replaces {listed}, in Cc and Bcc, too", indent=2)
    if done.sent is None:
        sheet.line(f"nothing was sent now: {_earlier(message)}", indent=2)
    else:
        _said(sheet, done.sent)
    if done.delivery == "accepted":
        sheet.line(f"look for [TEST {message.stage}], Message-ID {message.message_id}", indent=2)
    if done.delivery == "unknown":
        _decide(sheet, message)
    return sheet.text()


def _said(sheet: Sheet, sent: Sent) -> None:
    failure = sent.probed.failure
    if failure is None:
        data = sent.probed.step("data")
        sheet.line(f"{sent.probed.destination}: {data.reply if data else ''}", indent=2)
        return
    sheet.line(f"{failure.name}: {failure.cause}{f' ({failure.reply})' if failure.reply else ''}", indent=2)
    sheet.line("→ ", failure.next_step, indent=2, hang=4)


def _earlier(message: Message) -> str:
    if message.unknown:
        return f"it was begun at {message.at:%Y-%m-%d %H:%M:%S %Z} by {message.actor}, and nobody knows whether it left"
    return f"it was sent at {message.at:%Y-%m-%d %H:%M:%S %Z} by {message.actor} ({message.state})"


def _decide(sheet: Sheet, message: Message) -> None:
    sheet.line(
        f"It may have arrived, and is not sent again by itself. Look in the mailbox, or in the server's log, for "
        f"Message-ID {message.message_id}; then tell:",
        indent=2,
        hang=2,
    )
    for state in ("arrived", "lost"):
        sheet.line(f"stagemail send-test --settle {message.id} --as {state}", indent=4)


def send_test_json(done: Finished) -> str:
    """The same as data."""
    probed = done.sent.probed if done.sent else None
    again = [done.message.stage] if probed and probed.failure and probed.failure.retry else []
    return envelope(
        KIND,
        retryable=again if done.delivery != "unknown" else [],
        delivery=done.delivery,
        message=done.message,
        replaced=done.envelope.replaced,
        vantage=probed.vantage if probed else "",
        steps=steps_of(probed) if probed else (),
    )
