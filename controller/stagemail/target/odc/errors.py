"""Refusals of ODC in words: which permission, stage or app is missing, and what to do.

ODC answers with ProblemDetails as ``application/json`` or ``application/problem+json``; a gateway before it with HTML
or nothing. Not here: retries (``client``), the exception tree (``stagemail.errors``).
"""

import json
import re
from email.utils import parsedate_to_datetime

from stagemail.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    RateLimited,
    StagemailError,
    Unreachable,
)
from stagemail.model.scrub import Scrubber
from stagemail.model.secret import Secret
from stagemail.ports import Clock
from stagemail.target.odc.call import DEPLOYMENTS, Call

MAX_DETAIL = 300
"""Characters of a platform's own words that we repeat."""

_STALE = "it names the revision that was deployed when the app was read: where it was deployed anew since, run again"


def refusal(call: Call, status: int, content_type: str, body: bytes, client_id: str) -> StagemailError:
    """The error for an answer that is not a success (429 and retries are the client's business)."""
    said = detail(body, content_type, call.withheld)
    kind, hint = _reaction(call, status, client_id)
    return kind(f"{call.subject}: cannot {call.doing}: ODC answers {status}{said}", hint=hint)


def _reaction(call: Call, status: int, client_id: str) -> tuple[type[StagemailError], str]:
    if status >= 500:
        if call.writes:
            return OutcomeUnknown, "whether it was taken is found out by reading"
        return Unreachable, "ODC or something before it is disturbed; run again later"
    if 300 <= status < 400:
        return Unreachable, "`domain` must name the organization's own host; redirects are not followed"
    renew = f"look at API client {client_id} in the ODC Portal: suspended, deleted, or its secret replaced or expired"
    known: dict[int, tuple[type[StagemailError], str]] = {
        401: (NotPermitted, renew),
        403: (NotPermitted, _grant(call.permission, client_id)),
        404: (NotFound, f"it is gone, or API client {client_id} may not see it: {call.permission}"),
    }
    if call.domain == DEPLOYMENTS and call.writes:
        known[400] = (InvalidInput, _STALE)
    return known.get(status, (InvalidInput, "ODC takes no such value or key: see `stagemail target discover --write`"))


def _grant(permission: str, client_id: str) -> str:
    if " and " in permission:
        return f"API client {client_id} needs both {permission}: grant the one that it lacks in the ODC Portal"
    return f"grant API client {client_id} the permission {permission} in the ODC Portal"


def detail(body: bytes, content_type: str, withheld: tuple[str, ...] = ()) -> str:
    """The platform's own words on one line, ready to be appended; never a value that was sent."""
    text = body[: 64 * 1024].decode("utf-8", "replace").strip()
    if not text:
        return " without a body"
    problem = _json(text)
    if isinstance(problem, dict):
        words = [
            problem.get("detail") or problem.get("error_description") or problem.get("title"),
            problem.get("error"),
        ]
        said = " ".join(str(word) for word in words if word)
        marks = [f"{name} {problem[name]}" for name in ("errorCode", "traceId") if problem.get(name)]
        text = said + (f" ({', '.join(marks)})" if marks else "")
    elif "html" in content_type or text[:1] == "<":
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = f"an HTML page{f': {title.group(1)}' if title else ''}"
    text = Scrubber(Secret(value) for value in withheld).scrub(text)
    text = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    if len(text) > MAX_DETAIL:
        text = (
            f"{text[:MAX_DETAIL].rpartition(' ')[0]} …".strip()
        )  # never in the middle of a word, which might be a credential
    return f": {text}" if text else ""


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def limited(call: Call, retry_after: float | None) -> RateLimited:
    """The error for a 429 that did not go away."""
    what = f"{call.subject}: cannot {call.doing}: ODC's limit for {call.domain} is used up"
    hint = "something else uses the same organization's API; run again later or lower `share`"
    return RateLimited(what, hint=hint, retry_after=retry_after)


def seconds_of(retry_after: str | None, clock: Clock) -> float | None:
    """Retry-After (RFC 9110, 10.2.3) as seconds from now: a number or an HTTP date; None where it is neither."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
    except (TypeError, ValueError):
        return None
