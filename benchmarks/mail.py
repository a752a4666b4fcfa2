"""Mail works: a review of 100 KB of HTML, in this process; messages a second into the inbox, beside a bare aiosmtpd.

Not here: the load itself (``inbox_load``), the table.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.table import Row
from stagemail.model.review import ReviewLimits
from stagemail.review.reviewing import review_message

ROOT = Path(__file__).parents[1]
GOAL = 0.1
"""Seconds of one review."""
RATE = 1000.0
"""Messages a second."""
_ROW = (
    '<tr><td style="padding:8px;border-bottom:1px solid #eee"><a href="https://example.com/item/{n}">Item &amp; {n}</a>'
    '<img src="https://example.com/{n}.png" alt="Item" width="40"></td><td align="right">12.00</td></tr>\n'
)


def review(rounds: int) -> Row:
    """Review a newsletter of 100 KB, and let the standard library's parser read its HTML for comparison."""
    rows = "".join(_ROW.format(n=number) for number in range(100_000 // len(_ROW)))
    style = "<style>.a{color:red}@media (max-width:600px){.a{display:block}}</style>"
    page = f'<!DOCTYPE html><html lang="en"><head>{style}</head><body><table>{rows}</table></body></html>'
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Items"
    message.set_content("Items")
    message.add_alternative(page, subtype="html")
    raw = message.as_bytes()
    ours = _median(lambda: review_message(raw, "m.eml", ReviewLimits()), rounds)
    peer = _median(lambda: HTMLParser().feed(page), rounds)
    shown, other = f"{ours * 1000:.0f} ms", f"html.parser alone {peer * 1000:.0f} ms"
    what = f"review, message with {len(page) // 1000} KB of HTML"
    return Row(what, shown, other, f"×{ours / peer:.1f}", "≤ 100 ms", ours <= GOAL, rounds)


def inbox(rounds: int, count: int) -> Row:
    """Both sides in turn; the memory of the last round."""
    sides: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
    for _ in range(rounds):
        for kind, found in sides.items():
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.inbox_load", kind, str(count)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
            found.append(json.loads(done.stdout))
    ours, bare = (median(one["perSecond"] for one in sides[kind]) for kind in ("ours", "bare"))
    last = sides["ours"][-1]
    busy = {kind: median(one["milliseconds"] for one in found) for kind, found in sides.items()}
    shown = f"{ours:,.0f}/s, {busy['ours']:.2f} ms of a processor each, {last['before']:.0f} → {last['after']:.0f} MB"
    work = f"inbox, {count:,} messages of 1 KB, each on disk"
    return Row(
        work,
        shown,
        f"bare aiosmtpd {bare:,.0f}/s, {busy['bare']:.2f} ms",
        f"×{ours / bare:.2f}",
        "≥ 1,000/s",
        ours >= RATE,
        rounds,
    )


def _median(work: Callable[[], object], rounds: int) -> float:
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return median(seconds)
