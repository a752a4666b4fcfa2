"""The emulated platform as one object: takes a call, answers it, writes the ledger and commits, all in one step.

Synchronous and used by one thread (the server's event loop), so each call is atomic. HTTP itself is `gateway`'s job.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from odc_emulator import configurations, deployments, identity, ledger, operations, portfolio
from odc_emulator.answers import Answer, RefusedError, problem
from odc_emulator.calls import Call
from odc_emulator.clock import EmulatedClock
from odc_emulator.faults import Fault, Faults
from odc_emulator.limits import Limits
from odc_emulator.profiles import DEFAULT, PROFILES
from odc_emulator.seed import Seed, default_seed, plant
from odc_emulator.store import Store

OPERATION_SECONDS = 20.0  # emulated time from POST to Finished


@dataclass(frozen=True, slots=True)
class Settings:
    """How to set up a platform; `profile` None takes the state file's, and on a new file the default."""

    profile: str | None = None
    state: Path | None = None
    speed: float = 1.0
    limits: bool = True
    seed: Seed | None = None
    operation_seconds: float = OPERATION_SECONDS
    resolve: Mapping[str, str] | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    handler: Callable[..., Answer]


def _route(method: str, path: str, handler: Callable[..., Answer]) -> _Route:
    return _Route(method, re.compile("^" + path.replace("{}", "([^/]+)") + "$"), handler)


_CONFIGURATIONS = "/api/asset-configurations/v1/environments/{}"
_APP = _CONFIGURATIONS + "/(?:applications|agents)/{}"
_OPERATIONS = "/api/deployments/v1/deployment-operations"
ROUTES = (
    _route("GET", _APP + "/revisions/{}/configurations", configurations.get_app),
    _route("PATCH", _APP + "/configurations", configurations.patch_app),
    _route("GET", _CONFIGURATIONS + "/default-system-configurations", configurations.get_stage),
    _route("PATCH", _CONFIGURATIONS + "/default-system-configurations", configurations.patch_stage),
    _route("GET", _OPERATIONS, deployments.list_operations),
    _route("POST", _OPERATIONS, deployments.post),
    _route("GET", _OPERATIONS + "/{}", deployments.get_operation),
    _route("GET", _OPERATIONS + "/{}/messages", deployments.messages),
    _route("GET", "/api/portfolios/v2/portfolios", portfolio.portfolios),
    _route("GET", "/api/portfolios/v2/environments", portfolio.environments),
    _route("GET", "/api/portfolios/v2/deployed-assets", portfolio.deployed_assets),
)


class Platform:
    """One emulated organization with its clock, limits, faults and state file."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.state)
        stored = self.store.load()
        saved = self.store.meta("clock")
        self.clock = EmulatedClock(settings.speed) if saved is None else EmulatedClock.resumed(saved, settings.speed)
        if stored is not None and settings.profile not in (None, stored.profile):
            message = f"the state file was made with profile {stored.profile}: use it, or another file"
            raise ValueError(message)
        self.world = stored or self.store.new_world(_known(settings.profile or DEFAULT))
        if stored is None:
            plant(self.world, settings.seed or default_seed(), self.clock.now())
        self.profile = PROFILES[self.world.profile]
        self.limits = Limits(enabled=settings.limits)
        self.faults = Faults()
        self.reads: Counter[str] = Counter(self.store.meta("reads") or {})
        self.refused: Counter[str] = Counter(self.store.meta("refused") or {})
        self.save_clock()
        self.store.commit(self.world)

    def call(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call:
        """Wrap a request that arrived now; whatever was due before has happened."""
        now = self.clock.now()
        operations.settle(self.world, now)
        return Call(
            method=method,
            path=path,
            query=parse_qs(query, keep_blank_values=True),
            body=body,
            content_type=headers.get("content-type", ""),
            world=self.world,
            profile=self.profile,
            now=now,
            operation_seconds=self.settings.operation_seconds,
        )

    def answer(self, call: Call, headers: Mapping[str, str], fault: Fault | None = None) -> Answer:
        """Answer a call and commit what it changed; `fault` may prevent or twist it."""
        call.fault = fault
        if call.path in (identity.DISCOVERY_PATH, identity.TOKEN_PATH):
            return self._identity(call, headers)
        try:
            answer = self._dispatch(call, headers.get("authorization", ""))
        except RefusedError as refusal:
            answer = problem(refusal.status, refusal.code, refusal.detail, call.path, refusal.headers)
        self._record(call, answer)
        return answer

    def save_clock(self) -> None:
        """Write the clock down, so that a restart goes on from it."""
        self.store.set_meta("clock", self.clock.saved())

    def close(self) -> None:
        """Write the counts and close the state file."""
        self.save_clock()
        self.store.set_meta("reads", dict(self.reads))
        self.store.set_meta("refused", dict(self.refused))
        self.store.commit(self.world)
        self.store.close()

    def _identity(self, call: Call, headers: Mapping[str, str]) -> Answer:
        self.reads["identity"] += 1
        if call.fault is not None and call.fault.prevents:
            return _prevented(call, call.fault)
        if call.path == identity.DISCOVERY_PATH:
            return identity.discovery(f"http://{headers.get('host', '127.0.0.1')}")
        if call.method != "POST":
            return problem(405, "EMULATOR-METHOD", "The token endpoint takes POST only.", call.path, {"Allow": "POST"})
        answer = identity.issue_token(self.world, call.body, call.now)
        self.store.commit(self.world)
        return answer

    def _dispatch(self, call: Call, authorization: str) -> Answer:
        if call.fault is not None and call.fault.prevents:
            with suppress(RefusedError):
                call.client = identity.authenticate(self.world, authorization, call.now)
            return _prevented(call, call.fault)
        call.client = identity.authenticate(self.world, authorization, call.now)
        domain = _domain(call.path)
        wait = self.limits.refused(call.method, domain, call.path, call.now)
        if wait is not None:
            self.refused[domain] += 1
            headers = {"Retry-After": str(wait)} if self.profile.retry_after else {}
            raise RefusedError(429, "EMULATOR-RATE-LIMIT", f"Too many requests to {domain} in a minute.", headers)
        allowed = []
        for route in ROUTES:
            match = route.pattern.match(call.path)
            if match is None:
                continue
            if route.method == call.method:
                return route.handler(call, *match.groups())
            allowed.append(route.method)
        if allowed:
            raise RefusedError(405, "EMULATOR-METHOD", "This path has no such method.", {"Allow": ", ".join(allowed)})
        raise RefusedError(404, "EMULATOR-NO-SUCH-PATH", "The emulator has no such path.")

    def _record(self, call: Call, answer: Answer) -> None:
        if call.method not in ("GET", "HEAD"):
            dropped = call.fault is not None and call.fault.kind.startswith("drop")
            self.store.commit(self.world, ledger.row(call, None if dropped else answer.status))
            return
        self.reads[_domain(call.path)] += 1
        self.store.commit(self.world)


def _prevented(call: Call, fault: Fault) -> Answer:
    if fault.kind == "html":
        return Answer(fault.status, b"")
    status = fault.status or 500
    headers = {"Retry-After": "5"} if status == 429 and call.profile.retry_after else {}
    return problem(status, "EMULATOR-FAULT", fault.message, call.path, headers)


def _domain(path: str) -> str:
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1] == "api" else "other"


def _known(profile: str) -> str:
    if profile not in PROFILES:
        message = f"there is no profile {profile!r}; known are: {', '.join(PROFILES)}"
        raise ValueError(message)
    return profile
