"""Networks that cut, drip and go silent between stagemail and the platform: it converges, and the ledger is the model.

Not here: a platform that answers wrongly (``tests/acceptance/test_faults.py``).
"""

import re
from collections.abc import Iterator

import httpx2
import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.test_controller import EMAIL, controller, port, push, remote
from tests.faults.proxy import KINDS, Proxy

from stagemail.target.odc import transport

WRITE = b"PATCH "
OPERATIONS = b"POST /api/deployments"
WORDS = ("again", "later", "retry", "next run", "Check", "check", "Invalid HTTP request")
"""One of these is in every message about a network; the last is what a server says of a request that was harmed."""


def long(*values: object) -> object:
    """A case of the long form only: its like is in the short one."""
    return pytest.param(*values, marks=pytest.mark.faults)


@pytest.fixture
def proxied(applied: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bench, Proxy]]:
    """A bench whose way to the platform leads through a proxy; an answer may take half a second, not half a minute."""
    address = re.search(r"domain: http://127\.0\.0\.1:(\d+)", applied.read("stagemail.yaml"))
    assert address is not None
    monkeypatch.setattr(transport, "TIMEOUT", httpx2.Timeout(connect=0.5, read=0.5, write=0.5, pool=5.0))
    monkeypatch.setattr(transport, "MAX_SECONDS", 1.0)
    with Proxy(("127.0.0.1", int(address[1]))) as proxy:
        applied.change("stagemail.yaml", address[0], f"domain: http://127.0.0.1:{proxy.port}")
        yield applied, proxy


def finishes(bench: Bench, proxy: Proxy, before: int) -> None:
    """With the network as it should be the next run leaves nothing to do, and nothing was sent twice."""
    proxy.calm()
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    assert {port(bench, app) for app in ("CRM", "Billing", "FieldApp")} == {"2587"}
    writes = bench.writes(before)
    assert writes["PATCH", "QA"] == 1, writes
    assert max(writes.values()) == 1, writes
    bench.run("plan", "qa", "--detailed-exitcode")


def disturbed(bench: Bench, proxy: Proxy) -> None:
    said = bench.run("apply", "qa", expect=None)
    assert said.code in (0, 1, 5), said
    assert said.code == 0 or any(word in said.text for word in WORDS), said.text
    assert max((len(line) for line in said.err.splitlines()), default=0) <= 80 or "http" in said.err


@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("cut", WRITE), ("hold", WRITE), long("half-close", WRITE), long("delay", WRITE), long("drip", WRITE),
        long("garbage", WRITE), long("cut", OPERATIONS), ("half-close", OPERATIONS), long("delay", OPERATIONS),
        ("drip", OPERATIONS), long("hold", OPERATIONS), ("garbage", OPERATIONS),
    ],
)  # fmt: skip
def test_an_answer_that_is_harmed_is_settled_by_reading(proxied: tuple[Bench, Proxy], kind: str, moment: bytes) -> None:
    bench, proxy = proxied
    bench.change(EMAIL, "port: 587", "port: 2587")
    before = bench.mark()
    rule = proxy.does(kind, when=moment, after=9, seconds=0.02)  # type: ignore[arg-type]
    disturbed(bench, proxy)
    assert rule.hits == 1
    finishes(bench, proxy, before)


@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("cut", WRITE), long("half-close", WRITE), long("hold", WRITE), long("garbage", WRITE),
        long("cut", OPERATIONS), ("half-close", OPERATIONS), long("hold", OPERATIONS), long("garbage", OPERATIONS),
    ],
)  # fmt: skip
def test_a_request_that_never_arrives_whole_is_sent_once_in_the_end(
    proxied: tuple[Bench, Proxy], kind: str, moment: bytes
) -> None:
    bench, proxy = proxied
    bench.change(EMAIL, "port: 587", "port: 2587")
    before = bench.mark()
    rule = proxy.does(kind, "request", when=moment, after=40)  # type: ignore[arg-type]
    disturbed(bench, proxy)
    assert rule.hits == 1
    finishes(bench, proxy, before)


@pytest.mark.parametrize("kind", ["refuse", "drip", *(long(kind) for kind in KINDS if kind not in ("refuse", "drip"))])
def test_reading_over_a_network_that_never_works_ends_in_words_and_writes_nothing(
    proxied: tuple[Bench, Proxy], kind: str
) -> None:
    bench, proxy = proxied
    bench.change(EMAIL, "port: 587", "port: 2587")
    before = bench.mark()
    seconds = 2.0 if kind == "delay" else 0.2
    rule = proxy.does(kind, times=0, after=0, seconds=seconds)  # type: ignore[arg-type]
    said = bench.run("apply", "qa", expect=1)
    assert rule.hits > 1, "it was tried again"
    assert any(word in said.text for word in WORDS), said.text
    assert bench.ledger(before) == []
    finishes(bench, proxy, before)


def test_a_controller_goes_on_by_itself_when_the_network_is_back(applied: Bench) -> None:
    address = re.search(r"domain: http://127\.0\.0\.1:(\d+)", applied.read("stagemail.yaml"))
    assert address is not None
    with Proxy(("127.0.0.1", int(address[1]))) as proxy:
        applied.change("stagemail.yaml", address[0], f"domain: http://127.0.0.1:{proxy.port}")
        remote(applied)
        before = applied.mark()
        with controller(applied):
            applied.until(lambda: proxy.connections > 0, "the platform was looked at")
            for kind in ("refuse", "half-close"):
                rule = proxy.does(kind, times=3)
                proxy.cut_all()
                new = "2587" if applied.read(EMAIL).count("port: 587") else "587"
                applied.change(EMAIL, f"port: {'587' if new == '2587' else '2587'}", f"port: {new}")
                push(applied)
                applied.until(lambda new=new: port(applied) == new, f"it is live in spite of {kind}")  # type: ignore[misc]
                assert rule.hits > 0
                proxy.calm()
        assert applied.writes(before)["PATCH", "QA"] == 2
    applied.run("history", "--verify").shows("none altered")
