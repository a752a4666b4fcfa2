"""While a test list is live, no address outside it gets a message: thousands of them, and changes in flight.

What counts is what arrives at a real SMTP server: the envelope's recipients, and the bytes of the message.
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from tests.ports import free_port

from odc_emulator.client import EmulatorControl
from odc_emulator.server import EmulatorServer

HOST, SENDERS, EACH = "smtp.example.com", 2, 500
INSIDE = [f"tester{number}@testers.example" for number in range(6)]
LISTS = [", ".join(INSIDE[:2]), ", ".join(INSIDE[2:5]), INSIDE[5]]
MARK = "outsider"
SHAPES = (
    "{0}@{1}", "Real Person <{0}@{1}>", '"Person, Real" <{0}@{1}>', "tester0@testers.example <{0}@{1}>",
    "{0}@{1},tester1@testers.example", "{0}+tag@{1}", "(tester) {0}@{1}",
)  # fmt: skip
DOMAINS = ("customer.example", "testers.example.customer.example", "xn--bcher-kva.example", "sub.testers.example")


class Arrivals:
    """aiosmtpd's handler: remembers every envelope, delivers nothing."""

    def __init__(self) -> None:
        self.recipients: Counter[str] = Counter()
        self.messages = self.leaked = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        del server, session
        self.messages += 1
        self.recipients.update(envelope.rcpt_tos)
        self.leaked += MARK.encode() in envelope.content
        return "250 kept"


@contextmanager
def bench(profile: str) -> Iterator[tuple[Arrivals, EmulatorServer]]:
    arrivals = Arrivals()
    port = free_port()
    server = Controller(arrivals, hostname="127.0.0.1", port=port, ready_timeout=60.0)
    server.start()
    try:
        with EmulatorServer(profile, limits=False, resolve={f"{HOST}:587": f"127.0.0.1:{port}"}) as emulator:
            for field, value in {"host": HOST, "port": "587", "senderAddress": "no-reply@qa.example.com"}.items():
                emulator.control.set("QA", field, value)
            emulator.control.set("QA", "testList", LISTS[0], app="CRM")
            emulator.control.set("QA", "testListActive", "true", app="CRM")
            yield arrivals, emulator
    finally:
        server.stop()


def letters(seed: int, count: int) -> Iterator[dict[str, list[str]]]:
    """Letters to outsiders in To, Cc and Bcc, in every shape."""
    made = random.Random(seed)

    def some(least: int) -> list[str]:
        people = range(made.randint(least, 3))
        return [made.choice(SHAPES).format(f"{MARK}{made.randint(0, 99)}", made.choice(DOMAINS)) for _ in people]

    for _ in range(count):
        yield {"to": some(1), "cc": some(0), "bcc": some(0)}


def send(url: str, seed: int, count: int) -> int:
    """One app at work; gives the number of messages that left."""
    with EmulatorControl(url) as control:
        found = [control.send("QA", "CRM", letter.pop("to"), **letter) for letter in letters(seed, count)]
    return sum(report["sent"] for report in found)


def change(url: str, done: Event) -> int:
    """An admin at work: other lists; a switch-off that stays pending and is taken back; gives the number of changes."""
    with EmulatorControl(url) as control:
        for number in itertools.count():
            if done.wait(0.05):
                return number
            control.set("QA", "testListActive", "false", app="CRM", pending=True)
            control.set("QA", "testListActive", "true", app="CRM", pending=True)
            control.set("QA", "testList", LISTS[number % 3], app="CRM", pending=bool(number % 2))
            control.deploy("QA", "CRM")
    return 0


@pytest.mark.parametrize("profile", ["guid-live", "symbol-pending"])
def test_nobody_outside_the_list_ever_gets_a_message(
    profile: str, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Event()
    with bench(profile) as (arrivals, emulator), ThreadPoolExecutor(SENDERS + 1) as pool:
        admin = pool.submit(change, emulator.url, done)
        try:
            sent = sum(pool.map(send, [emulator.url] * SENDERS, range(SENDERS), [EACH] * SENDERS))
        finally:
            done.set()
        changes = admin.result()
    assert (sent, arrivals.messages) == (SENDERS * EACH, SENDERS * EACH)
    assert set(arrivals.recipients) <= set(INSIDE) and arrivals.leaked == 0
    assert changes > 0 and len(arrivals.recipients) > 2, "lists changed while messages left"
    told = f"{profile}: {sent} messages, {sum(arrivals.recipients.values())} copies, {changes} changes, 0 outside"
    record_property("arrivals", told)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure that this test is for


def test_the_same_messages_reach_outsiders_once_the_list_is_off() -> None:
    """The proof can fail: what it looks for arrives as soon as nothing keeps it."""
    with bench("guid-live") as (arrivals, emulator):
        emulator.control.set("QA", "testListActive", "false", app="CRM")
        assert send(emulator.url, 0, 20) > 0
    assert any(MARK in recipient for recipient in arrivals.recipients) and arrivals.leaked > 0
