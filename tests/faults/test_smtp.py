"""A network that cuts, drips and goes silent before a mail server: told with its cause, and no message leaves twice.

Not here: what servers themselves do wrong (``tests/unit/mail``), kills around DATA (``tests/acceptance/test_mail.py``).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.bench import PASSWORD, Bench
from tests.acceptance.test_mail import SEND, allow, authority
from tests.faults.proxy import Proxy
from tests.faults.test_network import long

from odc_emulator.sink import MailSink, SinkSettings
from stagemail.mail import bounds


@pytest.fixture
def line(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bench, MailSink, Proxy]]:
    """A bench whose mail server is behind a proxy; a reply may take a second, not half a minute."""
    real = bounds.Bounds
    monkeypatch.setattr(bounds, "Bounds", lambda: real(resolve=2, connect=2, reply=2, total=4))
    with (
        MailSink(SinkSettings(tmp_path / "sink", user="mailer@example.com", password=PASSWORD)) as sink,
        Proxy(("127.0.0.1", sink.port)) as proxy,
    ):
        allow(bench, proxy.port, authority(sink))
        yield bench, sink, proxy


KINDS = [
    ("cut", 0), ("hold", 0), ("garbage", 0), ("refuse", 0), long("half-close", 0), long("drip", 0),
    long("cut", 300), long("hold", 300), long("half-close", 300), long("garbage", 300),
]  # fmt: skip
"""What is done, and after how many bytes of what the server says."""


@pytest.mark.parametrize(("kind", "after"), KINDS)
def test_a_preflight_says_what_is_wrong_and_passes_when_the_network_is_back(
    line: tuple[Bench, MailSink, Proxy], kind: str, after: int
) -> None:
    bench, sink, proxy = line
    rule = proxy.does(kind, after=after, times=0, seconds=0.2)  # type: ignore[arg-type]
    said = bench.run("preflight", "qa", expect=1)
    assert rule.hits or kind != "refuse"
    assert "→" in said.text or "try again" in said.text or "check" in said.text, said.text
    proxy.calm()
    bench.run("preflight", "qa").shows("1 of 1 stages passed; nothing was sent")
    assert sink.inbox() == []


@pytest.mark.parametrize(("kind", "after"), KINDS)
def test_a_test_message_over_such_a_network_leaves_at_most_once(
    line: tuple[Bench, MailSink, Proxy], kind: str, after: int
) -> None:
    bench, sink, proxy = line
    proxy.does(kind, after=after, times=0, seconds=0.2)  # type: ignore[arg-type]
    said = bench.run(*SEND, expect=None)
    assert said.code in (1, 5), said
    proxy.calm()
    bench.run(*SEND, expect=None)
    assert len(sink.inbox()) <= 1
