"""Looks at sizes as they are sent (base64 adds a third) and at attached files.

Not here: the limit itself, which comes from the caller. Source: RFC 1870 (SIZE).
"""

from typing import Any, Final

from stagemail.model.review import ReviewLimits
from stagemail.review.message import Mail, Part
from stagemail.review.notes import Notes

NEAR = 90
"""Percent of the limit from which on it is near."""
LARGE = 10_000_000
"""Bytes of a part as it is sent."""
_BLOCKED = """ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta
    img ins iso isp jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr sct shb sys
    vb vbe vbs vhd vxd wsc wsf wsh xll"""
BLOCKED: Final = frozenset(_BLOCKED.split())
"""File types that Gmail refuses (https://support.google.com/mail/answer/6590)."""


def look_at_sizes(mail: Mail, limits: ReviewLimits, notes: Notes) -> None:
    """The whole message beside the server's SIZE, then each part."""
    size = sent_size(mail.raw)
    if limits.size is not None:
        facts: dict[str, Any] = {
            "size": f"{size:,}",
            "limit": f"{limits.size:,}",
            "origin": limits.size_from or "--size-limit",
        }
        if size > limits.size:
            notes.add("over-size-limit", "message", **facts)
        elif 100 * size > NEAR * limits.size:
            notes.add("near-size-limit", "message", **facts)
    for part in mail.parts:
        _part(part, notes)


def sent_size(raw: bytes) -> int:
    """Bytes on the wire: every line end is CR LF there."""
    return len(raw) + raw.count(b"\n") - raw.count(b"\r\n")


def _part(part: Part, notes: Notes) -> None:
    shown = part.shown
    if shown.sent > LARGE:
        name = shown.name or f"a part of type {shown.type}"
        notes.add("large-part", part.label, name=name, size=f"{shown.size:,}", sent=f"{shown.sent:,}")
    if shown.disposition == "attachment" and not shown.name and shown.type != "message/rfc822":
        notes.add("attachment-without-name", part.label, type=shown.type)
    ending = shown.name.lower().rpartition(".")[2] if "." in shown.name else ""
    if ending in BLOCKED:
        notes.add("blocked-attachment", part.label, name=shown.name)
