"""An app of an earlier stage gets its test list before its first deploy here: its first mail obeys it.

What counts is what arrives at a real SMTP server.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.bench import PASSWORD, Bench

from odc_emulator.sink import MailSink, SinkSettings

LISTED, CUSTOMER = "invoice-test@example.com", "real@customer.example"
BINDING = f"""apiVersion: stagemail/v1
kind: AppBinding
metadata: {{name: invoicing}}
spec:
  apps: [Invoicing]
  recipients: {{mode: test-list, testList: [{{name: Testers, address: {LISTED}}}]}}
"""


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(SinkSettings(tmp_path / "sink", user="mailer@example.com", password=PASSWORD)) as running:
        yield running


def begun(make_bench: Callable[..., Bench], sink: MailSink, profile: str, *, early: bool = True) -> Bench:
    """Invoicing is in Development, not in QA, and bound in QA."""
    bench = make_bench(
        profile, resolve={"smtp.example.com:587": f"127.0.0.1:{sink.port}"}, ca_file=sink.settings.directory / "ca.pem"
    )
    bench.run("apply", "qa")
    bench.platform.deploy("Development", "Invoicing", revision=4)
    bench.write("environments/qa/invoicing.yaml", BINDING)
    if early:
        bench.change("odc-mapping.yaml", "beforeFirstDeploy: waits", "beforeFirstDeploy: revisionBaseline")
    return bench


def first_mail(bench: Bench, sink: MailSink) -> list[str]:
    """Deploy it and let it write to a customer; gives who got a message."""
    bench.platform.deploy("QA", "Invoicing", revision=4)
    sent = bench.platform.send("QA", "Invoicing", [CUSTOMER], cc=[CUSTOMER], bcc=[CUSTOMER])
    assert sent["sent"], sent
    return [address for message in sink.inbox() for address in message["to"]]


@pytest.mark.parametrize("profile", ["guid-pending", "guid-live", "transport-security"])
def test_its_first_mail_obeys_the_list(make_bench: Callable[..., Bench], sink: MailSink, profile: str) -> None:
    bench = begun(make_bench, sink, profile)
    before = bench.mark()
    said = bench.run("plan", "qa").shows("Written before the first deploy", "qa/Invoicing")
    said.shows("test list before its first deploy", "set-in-app → test-list").hides("make live Invoicing")
    assert bench.ledger(before) == []
    bench.run("apply", "qa").shows("Invoicing")
    assert bench.writes(before) == {("PATCH", "QA/Invoicing"): 1}, "and no ApplyConfigs"
    bench.run("plan", "qa", "--detailed-exitcode")
    bench.run("drift", "qa")
    bench.run("explain", "qa", "Invoicing").shows(LISTED)
    bench.run("status", "qa").shows("live on 5 of 5 apps")
    assert first_mail(bench, sink) == [LISTED]
    bench.run("plan", "qa", "--detailed-exitcode").hides("Written before the first deploy")
    assert bench.writes(before) == {("PATCH", "QA/Invoicing"): 1}


def test_by_default_it_waits_and_its_first_mail_goes_to_the_customer(
    make_bench: Callable[..., Bench], sink: MailSink
) -> None:
    """What the option is for; and the proof that the test above can fail."""
    bench = begun(make_bench, sink, "guid-pending", early=False)
    said = bench.run("plan", "qa").shows("Waiting for a deploy", "Invoicing", "its mail goes where the app says")
    said.hides("Written before the first deploy")
    assert set(first_mail(bench, sink)) == {CUSTOMER}


def test_where_the_platform_refuses_the_app_alone_fails_and_the_message_says_what_to_write(
    make_bench: Callable[..., Bench], sink: MailSink
) -> None:
    bench = begun(make_bench, sink, "symbol-live")
    bench.change("environments/qa/email.yaml", "name: Example QA", "name: Example Q")
    before = bench.mark()
    said = bench.run("apply", "qa", expect=5).shows("takes no recipients before its first deploy in QA")
    said.shows("beforeFirstDeploy: waits")
    assert bench.writes(before) == {("PATCH", "QA"): 1}, "tried once, and the stage's settings did not wait for it"
    bench.change("odc-mapping.yaml", "beforeFirstDeploy: revisionBaseline", "beforeFirstDeploy: waits")
    bench.run("apply", "qa")
    bench.run("plan", "qa", "--detailed-exitcode").shows("Invoicing", "not deployed here yet")
