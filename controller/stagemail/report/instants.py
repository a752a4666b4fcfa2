"""Times and durations as people read them: UTC, to the minute or second. Not here: the clock."""

from datetime import UTC, datetime


def at_text(at: datetime | None) -> str:
    """``2026-11-22 21:01 UTC``; "never" for None."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "never"


def told_at_text(told: str) -> str:
    """The same of a time that another system told (RFC 3339); as it was told where that is none."""
    try:
        return at_text(datetime.fromisoformat(told))
    except (ValueError, OverflowError):
        return told


def took_text(start: datetime, end: datetime | None) -> str:
    """``1m05s`` between two times; "" while there is no end."""
    if end is None:
        return ""
    return seconds_text(max(0, round((end - start).total_seconds())))


def seconds_text(seconds: int) -> str:
    """``1m05s``."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"
