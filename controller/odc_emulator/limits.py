"""The published rate limits of an organization, per minute: 100 requests per API domain, 10 POSTs of operations.

A sliding window of 60 s of emulated time; refused calls are not counted.
"""

import math
from collections import deque

WINDOW = 60.0  # seconds of emulated time
REQUESTS_PER_DOMAIN = 100
OPERATION_POSTS = 10


class Limits:
    """Counts calls per bucket; `enabled` False lets everything pass."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._buckets: dict[str, deque[float]] = {}

    def refused(self, method: str, domain: str, path: str, now: float) -> int | None:
        """None when the call may pass (and is counted), else the seconds after which it may."""
        if not self.enabled:
            return None
        wanted = [(domain, REQUESTS_PER_DOMAIN)]
        if method == "POST" and path.endswith("/deployment-operations"):
            wanted.append(("POST deployment-operations", OPERATION_POSTS))
        waits = [self._wait(bucket, limit, now) for bucket, limit in wanted]
        if any(waits):
            return math.ceil(max(waits))
        for bucket, _ in wanted:
            self._buckets[bucket].append(now)
        return None

    def use_up(self, domain: str, now: float) -> None:
        """Somebody else's calls of this moment take all that was left of a domain."""
        self._buckets[domain] = deque([now] * REQUESTS_PER_DOMAIN)

    def _wait(self, bucket: str, limit: int, now: float) -> float:
        calls = self._buckets.setdefault(bucket, deque())
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        return 0.0 if len(calls) < limit else max(calls[0] + WINDOW - now, 0.001)
