"""HTTP to ODC where the emulator is too well behaved: redirects, sizes, Retry-After dates, odd token endpoints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.unit.target.clocks import FakeClock
from tests.unit.target.web import Answer, Web

from stagemail.errors import (
    InvalidInput,
    NotPermitted,
    OutcomeUnknown,
    RateLimited,
    StagemailError,
    Unreachable,
    UsageError,
)
from stagemail.model.secret import Secret
from stagemail.target.odc import transport
from stagemail.target.odc.auth import DISCOVERY
from stagemail.target.odc.call import CONFIGURATIONS, DEPLOYMENTS, Call
from stagemail.target.odc.client import Client
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.errors import detail
from stagemail.target.odc.limits import Buckets, Limits

READ = Call(CONFIGURATIONS, "GET", "/thing", "read it", "stage QA", "View configurations")
PATCH = Call(
    CONFIGURATIONS, "PATCH", "/thing", "change it", "stage QA", "Edit", body={"a": "s3cret"}, withheld=("s3cret",)
)
JSON = {"content-type": "application/json"}


class Organization:
    """An organization whose answers are scripted; identity works unless a test says otherwise."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.life: Any = 3600
        self.tokens = 0
        self.endpoint = ""
        self.clock = FakeClock()
        self.web = Web(self.answer)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if path == DISCOVERY:
            return 200, JSON, json.dumps({"token_endpoint": self.endpoint or f"{self.web.url}/token"}).encode()
        if path == "/token":
            self.tokens += 1
            return 200, JSON, json.dumps({"access_token": f"t{self.tokens}", "expires_in": self.life}).encode()
        return self.answers.pop(0) if self.answers else (200, JSON, b'{"fine": true}')

    def calls(self) -> list[str]:
        return [method for method, path in self.web.seen if path.startswith("/api/")]


@pytest.fixture
def odc() -> Iterator[Organization]:
    organization = Organization()
    with organization.web:
        yield organization


@contextmanager
def client(odc: Organization, **options: Any) -> Iterator[Client]:
    limits = Limits("org", odc.clock, options.pop("share", 0.8), Buckets())
    learn = options.pop("learn", lambda _secret: None)
    credentials = Credentials("stagemail-ci", lambda: Secret("client-secret"), learn)
    made = Client(
        options.pop("domain", odc.web.url), credentials, clock=odc.clock, limits=limits, read_only=False, **options
    )
    try:
        yield made
    finally:
        made.close()


def refused(odc: Organization, call: Call = READ) -> StagemailError:
    with client(odc) as http, pytest.raises(StagemailError) as caught:
        http.request(call)
    return caught.value


def test_a_redirect_is_not_followed(odc: Organization) -> None:
    odc.answers = [(302, {"location": "https://elsewhere.example.com/"}, b"")]
    error = refused(odc)
    assert isinstance(error, Unreachable)
    assert "redirect" in error.hint
    assert odc.calls() == ["GET"]


def test_an_answer_has_a_largest_size(odc: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 1000)
    odc.answers = [(200, JSON, b'"' + b"x" * 2000 + b'"')]
    assert "larger" in refused(odc).message


def test_an_answer_to_a_write_that_is_too_large_leaves_it_unknown(
    odc: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 1000)
    odc.answers = [(200, JSON, b"x" * 2000)]
    assert isinstance(refused(odc, PATCH), OutcomeUnknown)
    assert odc.calls() == ["PATCH"]


def test_an_answer_has_a_longest_time(odc: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_SECONDS", -1.0)
    assert "takes too long" in refused(odc).message


@pytest.mark.parametrize(
    ("after", "slept"), [("7", [7.0]), ("Thu, 01 Jan 2026 00:00:42 GMT", [42.0]), ("soon", [2.0]), (None, [2.0])]
)
def test_retry_after_is_honoured_as_seconds_and_as_a_date(
    odc: Organization, after: str | None, slept: list[float]
) -> None:
    odc.answers = [(429, {"retry-after": after} if after else {}, b"")]
    with client(odc) as http:
        assert http.request(PATCH) == {"fine": True}
    assert odc.clock.slept == slept
    assert odc.calls() == ["PATCH", "PATCH"]


def test_a_retry_after_of_hours_ends_the_run(odc: Organization) -> None:
    odc.answers = [(429, {"retry-after": "7200"}, b"")]
    error = refused(odc)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 7200


def test_without_retry_after_we_back_off_beyond_the_platforms_minute_and_then_give_up(odc: Organization) -> None:
    odc.answers = [(429, {}, b"")] * 20
    assert isinstance(refused(odc), RateLimited)
    assert sum(odc.clock.slept) > 122
    assert odc.clock.slept == sorted(odc.clock.slept)


def test_nobody_listening_is_tried_again_even_for_a_write(odc: Organization) -> None:
    odc.clock.sleep(0)
    with client(odc, domain="http://127.0.0.1:9") as http, pytest.raises(Unreachable):
        http.request(PATCH)
    assert len(odc.clock.slept) > 3


def test_a_token_is_renewed_before_it_ends(odc: Organization) -> None:
    odc.life = 100
    with client(odc) as http:
        http.request(READ)
        odc.clock.sleep(85)
        http.request(READ)
        assert odc.tokens == 1
        odc.clock.sleep(6)
        http.request(READ)
        assert odc.tokens == 2


def test_the_secret_and_the_token_are_told_to_the_net_for_as_long_as_they_are_used(odc: Organization) -> None:
    told: list[str] = []
    with client(odc, learn=lambda secret: told.append(secret.reveal())) as asking:
        for _ in range(3):
            asking.request(READ)
    assert (odc.tokens, told.count("t1")) == (1, told.count("client-secret"))
    assert told.count("t1") >= 3


def test_a_refused_token_is_renewed_once_and_the_call_sent_again(odc: Organization) -> None:
    odc.answers = [(401, {}, b"")]
    with client(odc) as http:
        assert http.request(PATCH) == {"fine": True}
    assert (odc.tokens, odc.calls()) == (2, ["PATCH", "PATCH"])
    odc.answers = [(401, {}, b""), (401, {}, b"")]
    assert isinstance(refused(odc, PATCH), NotPermitted)


@pytest.mark.parametrize(
    "endpoint",
    ["http://login.example.com/token", "ftp://x/token", "https://user:pw@x/token", "token", "https:///token"],
)
def test_credentials_are_never_sent_to_an_odd_token_endpoint(odc: Organization, endpoint: str) -> None:
    odc.endpoint = endpoint
    assert isinstance(refused(odc), NotPermitted)
    assert odc.calls() == []


@pytest.mark.parametrize("life", [None, "3600", 0, -5])
def test_a_token_without_a_life_is_used_for_a_minute(odc: Organization, life: Any) -> None:
    odc.life = life
    with client(odc) as http:
        http.request(READ)
        http.request(READ)
        assert odc.tokens == 1
        odc.clock.sleep(61)
        http.request(READ)
        assert odc.tokens == 2


def test_what_is_not_json_for_long_is_unreachable_and_quotes_the_page(odc: Organization) -> None:
    odc.answers = [(200, {"content-type": "text/html"}, b"<html><title>Sign in</title>")] * 9
    error = refused(odc)
    assert isinstance(error, Unreachable)
    assert "an HTML page: Sign in" in error.message


@pytest.mark.parametrize("body", [b"[" * 100_000, b"1" * 5000, b"\xff\xfe", b"{"])
def test_broken_json_is_a_clean_error(odc: Organization, body: bytes) -> None:
    odc.answers = [(200, JSON, body)] * 9
    assert isinstance(refused(odc), Unreachable)


def test_a_refused_value_is_told_in_the_platforms_words_without_the_value(odc: Organization) -> None:
    problem = {"detail": "s3cret is no password", "errorCode": "OS-CFGM-40001", "traceId": "t-1"}
    odc.answers = [(400, {"content-type": "application/problem+json"}, json.dumps(problem).encode())]
    error = refused(odc, PATCH)
    assert isinstance(error, InvalidInput)
    assert "*** is no password (errorCode OS-CFGM-40001, traceId t-1)" in error.message
    assert "s3cret" not in repr(PATCH)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", "", " without a body"),
        (b'{"title": "Forbidden"}', "application/json", ": Forbidden"),
        (b"plain \x1b[31m words\n\n here", "text/plain", ": plain [31m words here"),
        (b"<!doctype html><body>", "text/html", ": an HTML page"),
        (b'{"error": "invalid_client"}', "application/json", ": invalid_client"),
        (b"x" * 9999, "text/plain", ": …"),
        (b"word " * 999, "text/plain", ": " + "word " * 59 + "word …"),
        (b"[1]", "application/json", ": [1]"),
    ],
)
def test_the_platforms_words_fit_on_a_line(body: bytes, kind: str, said: str) -> None:
    assert detail(body, kind) == said


@pytest.mark.parametrize(
    "domain",
    ["http://example.outsystems.dev", "https://a@b", "ftp://x", "", "example.com/path", "https://example.com?x=1"],
)
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(UsageError, match="domain"):
        transport.base_of(domain)


def test_a_domain_is_a_host_over_https() -> None:
    assert transport.base_of("Example.OutSystems.dev") == "https://example.outsystems.dev"
    assert transport.base_of("https://example.outsystems.dev:443/") == "https://example.outsystems.dev"
    assert transport.base_of("http://127.0.0.1:8080") == "http://127.0.0.1:8080"


def test_a_certificate_file_that_is_none_is_named(tmp_path: Path, odc: Organization) -> None:
    with client(odc, ca_file=tmp_path / "none.pem") as http, pytest.raises(UsageError, match=r"none\.pem"):
        http.request(READ)


def test_posts_of_operations_have_a_bucket_of_their_own() -> None:
    clock = FakeClock()
    limits = Limits("org", clock, 0.8, Buckets())
    post = Call(DEPLOYMENTS, "POST", "/deployment-operations", "", "", "")
    for _ in range(9):
        limits.acquire(post)
    assert 60 <= clock.monotonic() <= 62
    for _ in range(79):
        limits.acquire(READ)
    assert clock.monotonic() <= 62
    assert limits.calls == {DEPLOYMENTS: 9, CONFIGURATIONS: 79}


def test_no_window_of_a_minute_ever_holds_more_than_our_share() -> None:
    clock = FakeClock()
    limits = Limits("org", clock, 0.5, Buckets())
    times = []
    for number in range(170):
        limits.acquire(READ)
        times.append(clock.monotonic())
        clock.sleep(0.1 * (number % 7))
    assert max(sum(1 for t in times if start <= t < start + 60) for start in times) == 50


def test_a_share_that_is_changed_counts_at_once_and_what_was_taken_still_counts() -> None:
    clock, buckets = FakeClock(), Buckets()
    for _ in range(50):
        Limits("org", clock, 0.8, buckets).acquire(READ)
    assert clock.monotonic() == 0
    Limits("org", clock, 0.5, buckets).acquire(READ)
    assert clock.monotonic() > 60, "fifty of fifty were taken under the larger share"


def test_connections_of_one_process_share_an_organizations_limits() -> None:
    clock, buckets = FakeClock(), Buckets()
    first, second, other = (Limits(name, clock, 0.5, buckets) for name in ("org", "org", "another"))
    for _ in range(25):
        first.acquire(READ)
        second.acquire(READ)
        other.acquire(READ)
    assert clock.monotonic() == 0
    second.acquire(READ)
    assert clock.monotonic() > 60


def test_a_place_for_an_operation_is_kept_for_a_moment_only() -> None:
    clock = FakeClock()
    limits = Limits("org", clock, 0.2, Buckets())
    post = Call(DEPLOYMENTS, "POST", "/deployment-operations", "", "", "")
    for _ in range(2):
        limits.acquire(post)
    limits.keep_place()
    waited = sum(clock.slept)
    assert waited >= 61, "the two of this window were used"
    limits.keep_place()
    limits.acquire(post)
    assert sum(clock.slept) == waited, "a second keep_place keeps the same place, and the post takes it"
    limits.keep_place()
    clock.sleep(5)
    limits.acquire(post)
    assert sum(clock.slept) > waited + 50, "a place that is five seconds old would count in the wrong window"


def test_a_refused_operation_says_that_the_app_may_have_been_deployed_anew(odc: Organization) -> None:
    """The revision is the one thing that it names which others change (deployments API, CreateDeploymentOperation)."""
    begin = Call(DEPLOYMENTS, "POST", "/deployment-operations", "make it live", "app CRM", "Deploy assets", body={})
    odc.answers = [(400, JSON, b'{"detail": "not the deployed one"}')]
    error = refused(odc, begin)
    assert isinstance(error, InvalidInput)
    assert "deployed anew" in error.hint and "run again" in error.hint and "value" not in error.hint
    odc.answers = [(400, JSON, b"{}")]
    assert "takes no such value" in refused(odc, PATCH).hint
