"""The inbox as text and JSON: its list, one message. Not here: keeping messages (``inbox``)."""

from collections.abc import Iterable

from stagemail.model.inbox import InboxMessage, InboxState
from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet

KIND = "inbox"


def inbox_text(messages: Iterable[InboxMessage], state: InboxState, *, width: int = 80, color: bool = False) -> str:
    """The newest first, and how many there are in all."""
    sheet = Sheet(width, color=color)
    listed = tuple(messages)
    wide = max((len(str(one.id)) for one in listed), default=1)
    for one in listed:
        sheet.line((str(one.id).rjust(wide), "bold"), f"  {one.received[:19]}Z  {one.subject or '(no subject)'}")
        sheet.line(f"{one.sender or '<>'} → {_few(one.recipients)}", indent=wide + 2)
    kept = "1 message" if state.messages == 1 else f"{state.messages:,} messages"
    dropped = f"; {state.dropped:,} older ones were dropped by the limits" if state.dropped else ""
    shown = f"{len(listed)} shown of " if len(listed) != state.messages else ""
    sheet.line((f"{shown}{kept}, {state.size:,} bytes{dropped}", "bold"))
    return sheet.text()


def message_text(one: InboxMessage, body: str, *, width: int = 80, color: bool = False) -> str:
    """The envelope, then what the message says."""
    sheet = Sheet(width, color=color)
    secured = f"{'TLS' if one.tls else 'no TLS'}, {f'as {one.user}' if one.user else 'no login'}"
    rows = (
        ("received", f"{one.received[:19]}Z, {one.size:,} bytes, {secured}"), ("envelope", one.sender or "<>"),
        ("to", ", ".join(one.recipients)), ("From", one.shown_from), ("Subject", one.subject),
    )  # fmt: skip
    for name, value in rows:
        sheet.row(((name, "dim"), value), (8,))
    sheet.blank()
    for line in body.splitlines():
        sheet.line(line, indent=0, hang=0)
    return sheet.text()


def inbox_json(messages: Iterable[InboxMessage], state: InboxState) -> str:
    """Messages and state."""
    return envelope(KIND, state=state, messages=tuple(messages))


def _few(recipients: tuple[str, ...]) -> str:
    more = f" and {len(recipients) - 3} more" if len(recipients) > 3 else ""
    return ", ".join(recipients[:3]) + more
