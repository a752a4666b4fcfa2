"""Onboarding three stages of sixty apps under the published limits: how much of our share is used, and no 429.

Time is virtual on both sides: it passes only while stagemail waits, and then for the platform alike. Nothing here
depends on how fast this machine is.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import Benches
from tests.acceptance.test_calls import STAGES, describe

from odc_emulator.client import EmulatorControl
from odc_emulator.limits import OPERATION_POSTS, REQUESTS_PER_DOMAIN
from odc_emulator.seed import generated_seed
from stagemail.wiring import opening, running

APPS = 60
SHARE = 0.8
STANDING = 1e-9
"""Emulated seconds that pass in one second of this machine: none."""


class VirtualClock:
    """stagemail's clock and the platform's: both move on by what stagemail sleeps, and by nothing else."""

    def __init__(self, platform: EmulatorControl) -> None:
        self._platform = platform
        self._start = datetime.fromisoformat(platform.health()["now"])
        self.passed = 0.0

    def now(self) -> datetime:
        return (self._start + timedelta(seconds=self.passed)).astimezone(UTC)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self._platform.advance(seconds)
        self.passed += seconds


@pytest.fixture
def organization(make_bench: Benches) -> Bench:
    """Three stages of sixty apps, all bound, under the platform's limits; nothing was ever written."""
    bench = make_bench(discovered=False, speed=STANDING, seed=generated_seed(APPS, len(STAGES)))
    del bench.environment["STAGEMAIL_CLOCK_SPEED"]
    describe(bench, '["*"]')
    return bench


@pytest.fixture
def clock(organization: Bench, monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """One at a time: two that sleep at once would each move the time on."""
    clock = VirtualClock(organization.platform)
    monkeypatch.setattr(opening, "clock", lambda: clock)
    monkeypatch.setattr(running, "WORKERS", 1)
    return clock


def test_onboarding_uses_our_share_of_the_limits_and_never_more(organization: Bench, clock: VirtualClock) -> None:
    platform = organization.platform
    organization.run("target", "discover", "--write")
    organization.commit("Describe three stages")
    clock.sleep(61)  # buckets are a process's own: another command's calls are in this minute
    reads, begun = Counter(platform.reads()), clock.passed
    organization.run("apply").shows(f"live on {APPS} of {APPS} apps")
    minutes = (clock.passed - begun) / 60
    asked = Counter(platform.reads()) - reads
    writes = Counter(row["method"] for row in platform.ledger())
    assert platform.refused() == {}
    assert writes == {"PATCH": len(STAGES) * (1 + APPS), "POST": len(STAGES) * 2 * APPS}, "see docs/reference/calls.md"
    posts = writes["POST"] / (minutes * OPERATION_POSTS * SHARE)
    configurations = asked["asset-configurations"] + writes["PATCH"]
    deployments = asked["deployments"] + writes["POST"]
    others = max(configurations, deployments) / (minutes * REQUESTS_PER_DOMAIN * SHARE)
    assert 0.95 <= posts <= 1.0, f"{posts:.1%} of our share in {minutes:.1f} minutes"
    assert others < posts, "another limit would decide"


def test_two_targets_on_one_organization_share_its_limits(organization: Bench, clock: VirtualClock) -> None:
    organization.run("target", "discover", "--write")
    one, _, rest = organization.read("stagemail.yaml").partition("stages:\n")
    other = one.partition("  odc:\n")[2]
    rest = rest.replace("production: {target: odc", "production: {target: other")
    organization.write("stagemail.yaml", f"{one}  other:\n{other}stages:\n{rest}")
    clock.sleep(61)
    organization.run("plan")
    assert organization.platform.reads()["asset-configurations"] > len(STAGES) * APPS
    assert organization.platform.refused() == {}


def test_apps_are_made_live_while_others_are_still_written(organization: Bench, clock: VirtualClock) -> None:
    organization.run("target", "discover", "--write")
    organization.commit("Describe three stages")
    clock.sleep(61)
    organization.run("apply", "qa")
    methods = [row["method"] for row in organization.platform.ledger()]
    assert methods[:5] == ["PATCH"] * 4 + ["POST"]
    assert "PATCH" in methods[5:APPS]
