"""Keeps ODC's published limits: one bucket per organization and API domain, and one for posting operations.

100 calls a minute per domain, 10 POSTs a minute on deployment-operations (ODC docs); we take a share of that in a
window of 61 s. Time is the caller's clock. Not here: what to do about a 429 that comes all the same (``client``).
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, cast

from pyrate_limiter import InMemoryBucket, Rate, RateItem
from pyrate_limiter.abstracts import AbstractBucket

from stagemail.errors import StagemailError
from stagemail.model.usage import Spent, Usage
from stagemail.ports import Clock
from stagemail.target.odc.call import CONFIGURATIONS, DEPLOYMENTS, PORTFOLIOS, Call

WINDOW: Final = 61_000
"""Milliseconds: ODC's minute and a second for the way there."""
OPERATIONS: Final = "deployment-operations"
PUBLISHED: Final[Mapping[str, int]] = {PORTFOLIOS: 100, CONFIGURATIONS: 100, DEPLOYMENTS: 100, OPERATIONS: 10}

MakeBucket = Callable[[str, Rate], AbstractBucket]
"""Makes the bucket of this name; one in SQLite or PostgreSQL is shared by processes."""


def in_memory(_name: str, rate: Rate) -> AbstractBucket:
    """A bucket of this process alone."""
    return InMemoryBucket([rate])


KEPT: Final = 1.0
"""Seconds that a place for an operation is kept: one that was taken earlier would count in the wrong window."""


class Buckets:
    """The buckets of this process by name, so that several connections to one organization share them. Thread-safe."""

    def __init__(self, make: MakeBucket = in_memory) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._known: dict[str, AbstractBucket] = {}

    def take(self, name: str, rate: Rate, clock: Clock) -> int:
        """Take a place in a bucket: 0, or the milliseconds after which to try again."""
        with self._lock:
            if name not in self._known:
                self._known[name] = self._make(name, rate)
            bucket = self._known[name]
            if bucket.rates[0].limit != rate.limit:  # the share was changed while we ran; what was taken still counts
                bucket.rates = [rate]
            item = RateItem(name, int(clock.monotonic() * 1000))
            bucket.leak(item.timestamp)
            if bucket.put(item):
                return 0
            return max(1, cast("int", bucket.waiting(item)))

    def used(self, name: str, rate: Rate, clock: Clock) -> int:
        """How many places of a bucket are taken now."""
        with self._lock:
            bucket = self._known.get(name)
            if bucket is None:
                return 0
            bucket.leak(int(clock.monotonic() * 1000))
            return min(rate.limit, cast("int", bucket.count()))


class SharedBuckets:
    """The buckets of all processes that share a database; the time is the database's."""

    def __init__(self, spent: Spent) -> None:
        self._spent = spent

    def take(self, name: str, rate: Rate, _clock: Clock) -> int:
        """See ``Buckets.take``. Raises Unreachable: without the count nothing may be sent."""
        return self._spent.take(name, rate.limit, WINDOW)

    def used(self, name: str, rate: Rate, _clock: Clock) -> int:
        """See ``Buckets.used``; 0 where nobody can say it now."""
        try:
            return self._spent.used(name, rate.limit, WINDOW)
        except StagemailError:
            return 0


AnyBuckets = Buckets | SharedBuckets


class Limits:
    """The limits of one organization. ``share`` (0-1) is the part of them that is ours. Thread-safe."""

    def __init__(self, organization: str, clock: Clock, share: float, buckets: AnyBuckets) -> None:
        self._organization = organization
        self._clock = clock
        self._rates = {name: Rate(max(1, int(limit * share)), WINDOW) for name, limit in PUBLISHED.items()}
        self._buckets = buckets
        self._lock = threading.Lock()
        self._kept: list[float] = []
        self.calls: Counter[str] = Counter()
        """Calls that were let through, by API domain."""
        self.errors: Counter[tuple[str, str]] = Counter()
        """Calls that failed, by API domain and kind."""

    def allowed(self, domain: str) -> int:
        """Calls to an API domain that are ours in one window."""
        return self._rates[domain].limit

    def keep_place(self) -> None:
        """Wait until an operation may be posted, and keep its place for ``KEPT`` seconds."""
        if not self._has_place(taking=False):
            self._wait(OPERATIONS, DEPLOYMENTS)
            with self._lock:
                self._kept.append(self._clock.monotonic())

    def acquire(self, call: Call) -> None:
        """Wait until this call is within the limits."""
        if call.domain != DEPLOYMENTS or call.method != "POST":
            self._wait(call.domain)
        elif not self._has_place(taking=True):
            self._wait(OPERATIONS, DEPLOYMENTS)
        with self._lock:
            self.calls[call.domain] += 1

    def failed(self, call: Call, kind: str) -> None:
        """Count a call that failed: ``limited``, ``unanswered``, ``4xx``, ``5xx``."""
        with self._lock:
            self.errors[call.domain, kind] += 1

    def usage(self) -> tuple[Usage, ...]:
        """What is used of each limit now."""
        with self._lock:
            calls, errors = Counter(self.calls), Counter(self.errors)
        return tuple(
            Usage(
                domain=name,
                allowed=rate.limit,
                used=self._buckets.used(f"{self._organization}/{name}", rate, self._clock),
                calls=calls[name],
                errors=tuple(sorted((kind, count) for (domain, kind), count in errors.items() if domain == name)),
            )
            for name, rate in sorted(self._rates.items())
        )

    def _wait(self, *names: str) -> None:
        for name in names:
            while wait := self._buckets.take(f"{self._organization}/{name}", self._rates[name], self._clock):
                self._clock.sleep(wait / 1000)

    def _has_place(self, *, taking: bool) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            self._kept = [since for since in self._kept if now - since < KEPT]
            found = bool(self._kept)
            if found and taking:
                del self._kept[0]
            return found
