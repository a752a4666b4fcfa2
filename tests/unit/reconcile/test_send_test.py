"""Test messages: who may get one, what stands in it, and that none is ever sent a second time."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.errors import InvalidInput, NotFound, NotPermitted, StagemailError
from stagemail.mail.composing import HEADER, compose, message_id, subject_of
from stagemail.mail.idn import plainest
from stagemail.mail.memory import MemoryProbe
from stagemail.mail.outbox import MemoryOutbox
from stagemail.model import email
from stagemail.model.location import Place
from stagemail.model.message import plain_address
from stagemail.model.probe import Letter, Probed, Sent, Server
from stagemail.model.selector import Selector
from stagemail.model.snapshot import Binding, Configuration, Desired
from stagemail.reconcile.send_test import Asked, Done, Envelope, envelope_of, send_test

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SERVER = Server("smtp.example.com", 587, "starttls")
PLACE = Place("environments/qa/email.yaml", 0)


def desired(mode: str = "test-list", members: tuple[str, ...] = ("QA team <qa@example.com>",)) -> Desired:
    fields = {
        email.HOST: "smtp.example.com", email.PORT: 587, email.SENDER_ADDRESS: "no-reply@example.com",
        email.SENDER_NAME: "Example QA", email.RECIPIENTS_MODE: mode, email.TEST_LIST: members,
    }  # fmt: skip
    crm = {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: ("crm-test@example.com",)}
    bindings = (
        Binding("crm", (Selector("CRM"),), (), crm, PLACE),
        Binding("rest", (Selector("Portal*"),), (Selector("PortalAdmin"),), {}, PLACE),
    )
    return Desired("qa", Configuration("relay", fields, PLACE), bindings)


def asked(app: str = "", to: tuple[str, ...] = (), id_: str = "", **more: tuple[str, ...]) -> Asked:
    return Asked(app, to, more.get("cc", ()), more.get("bcc", ()), b"<p>Hello</p>", "Order 7", id_)


class Desk:
    """Everything that sending needs, in memory."""

    def __init__(self) -> None:
        self.probe, self.outbox = MemoryProbe({"smtp.example.com:587": {}}), MemoryOutbox()

    def send(self, wanted: Asked, want: Desired | None = None, probe: object = None) -> Done:
        want = want or desired()
        envelope = envelope_of(want, wanted, ("@testers.example.com",))
        return send_test(
            want, wanted, envelope, server=lambda: SERVER, probe=probe or self.probe, outbox=self.outbox,
            compose=lambda message, reached: compose(
                message, "<p>Hello</p>", is_html=True, sender_name="Example QA", to=reached.to, cc=reached.cc
            ),
            make_id=message_id, now=NOON, actor="ada",
        )  # fmt: skip


def test_while_a_test_list_is_on_only_its_members_get_it_also_instead_of_cc_and_bcc() -> None:
    customer = "customer@customer.example"
    desk = Desk()
    done = desk.send(asked("", (customer,), cc=("c@customer.example",), bcc=("b@customer.example",)))
    (letter,) = desk.probe.letters
    assert letter.recipients == ("qa@example.com",)
    assert b"customer.example" not in letter.content
    assert done.envelope.replaced == (customer, "c@customer.example", "b@customer.example")


def test_an_apps_own_list_counts_before_the_stages() -> None:
    assert envelope_of(desired(), asked("CRM"), ()).recipients == ("crm-test@example.com",)
    assert envelope_of(desired(), asked("PortalX"), ()).recipients == ("qa@example.com",)
    assert envelope_of(desired("set-in-app", ()), asked("CRM", ("x@y.example",)), ()).recipients == (
        "crm-test@example.com",
    )


def test_an_app_that_nobody_bound_gets_no_message() -> None:
    for app in ("Shop", "PortalAdmin"):
        with pytest.raises(NotFound, match=app):
            envelope_of(desired(), asked(app, ("qa@example.com",)), ())


def test_without_a_test_list_only_allowed_addresses_get_it_cc_and_bcc_too() -> None:
    real = desired("set-in-app", ())
    allowed = ("me@example.com", "@testers.example.com")
    good = asked("", ("ME@example.com",), cc=("a@testers.example.com",))
    assert envelope_of(real, good, allowed).recipients == ("ME@example.com", "a@testers.example.com")
    for more in ({"cc": ("x@customer.example",)}, {"bcc": ("x@customer.example",)}):
        with pytest.raises(NotPermitted, match="x@customer"):
            envelope_of(real, asked("", ("me@example.com",), **more), allowed)
    for sneaky in ("x@evil-testers.example.com", "x@sub.testers.example.com", "testers.example.com@evil.example"):
        with pytest.raises(NotPermitted):
            envelope_of(real, asked("", (sneaky,)), allowed)
    with pytest.raises(InvalidInput, match="say who gets it"):
        envelope_of(real, asked(), allowed)


def test_an_empty_test_list_lets_nobody_have_it() -> None:
    with pytest.raises(NotPermitted, match="empty"):
        envelope_of(desired("test-list", ()), asked("", ("qa@example.com",)), ("qa@example.com",))


def test_a_message_is_marked_and_built_of_two_alternatives() -> None:
    desk = Desk()
    done = desk.send(asked())
    made = message_from_bytes(desk.probe.letters[0].content, policy=policy.default)
    assert made["Subject"] == "[TEST qa] Order 7"
    assert (made["From"], made["To"], made["Bcc"]) == ("Example QA <no-reply@example.com>", "qa@example.com", None)
    assert (made[HEADER], made["Message-ID"]) == (done.message.id, done.message.message_id)
    assert made["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        body = made.get_body((kind,))
        assert body is not None and "THIS IS A TEST MESSAGE of stage qa" in body.get_content()


class Cut:
    """A prober that is cut off after DATA."""

    def send(self, server: Server, letter: Letter, begin: object) -> Sent:
        begin()  # type: ignore[operator]
        return Sent(Probed("smtp.example.com:587", "a test", ()), "unknown")


def test_a_message_of_which_nobody_knows_is_never_sent_again_by_itself() -> None:
    desk = Desk()
    first = desk.send(asked(), probe=Cut())
    assert first.delivery == "unknown"
    for _ in range(3):
        again = desk.send(asked())
        assert (again.delivery, again.sent, again.message.id) == ("unknown", None, first.message.id)
    assert desk.probe.letters == []
    desk.outbox.settle(first.message, "lost", "")
    assert desk.send(asked()).delivery == "accepted"
    assert len(desk.probe.letters) == 1


def test_an_id_is_sent_at_most_once_ever_unless_it_certainly_did_not_leave() -> None:
    desk = Desk()
    desk.probe.refused_recipients.add("qa@example.com")
    assert desk.send(asked(id_="release-7")).delivery == "not-sent"
    desk.probe.refused_recipients.clear()
    assert desk.send(asked(id_="release-7")).delivery == "accepted"
    again = desk.send(asked(id_="release-7"))
    assert (again.delivery, again.sent) == ("accepted", None)
    assert len(desk.probe.letters) == 1


def test_without_an_id_a_message_that_arrived_may_be_sent_again() -> None:
    desk = Desk()
    assert [desk.send(asked()).message.id[-2:] for _ in range(2)] == ["-1", "-2"]
    assert len(desk.probe.letters) == 2


def test_the_books_are_written_before_the_letter_is_there() -> None:
    desk = Desk()

    class Full(MemoryOutbox):
        def begin(self, message: object) -> None:
            raise NotPermitted("the disk is full")

    desk.outbox = Full()
    with pytest.raises(NotPermitted):
        desk.send(asked())
    assert desk.probe.letters == []


@pytest.mark.parametrize(
    "address",
    [
        "x@evil.example <a@good.example>", "a@good.example\r\nBcc: x@evil.example", "a@good.example\n",
        "a@good.example\0",
        "a@good.example,x@evil.example", '"a b"@good.example', "<a@good.example>", "a@b@good.example", "a@", "@b", "",
        "a@good.example SIZE=1", "a@good.example\u2028x@evil.example", "a\u200b@good.example", "a@good..example",
    ],
)  # fmt: skip
def test_anything_but_one_bare_address_is_refused(address: str) -> None:
    for wanted in (asked("", (address,)), asked(cc=(address,)), asked(bcc=(address,))):
        with pytest.raises(InvalidInput):
            envelope_of(desired("set-in-app", ()), wanted, ("@good.example",))


@pytest.mark.parametrize(
    "wanted",
    [
        asked("CRM\udce9"), replace(asked(), subject="Caf\udce9"), replace(asked(), subject="\ud800"),
        *(asked(id_=bad) for bad in ("\udce9", "a b", "a\nBcc: x@evil.example", "a@b", "<a>", "-a", "a" * 81, "é")),
    ],
)  # fmt: skip
def test_a_text_that_no_header_can_hold_is_refused_before_anything_is_written(wanted: Asked) -> None:
    desk = Desk()
    with pytest.raises(InvalidInput, match=r"--(app|subject|id)"):
        desk.send(wanted)
    assert (desk.outbox.messages(), desk.probe.letters) == ((), [])


@pytest.mark.parametrize("is_html", [True, False])
def test_a_byte_that_was_no_text_is_written_as_the_replacement_character(is_html: bool) -> None:
    message = replace(Desk().send(asked()).message, actor="ren\udce9", app="CRM\ud800")
    template = "<p>Caf\udce9 \ud83d\ude00</p>"
    content = compose(message, template, is_html=is_html, sender_name="QA\udce9", to=("qa@example.com",), cc=())
    body = message_from_bytes(content, policy=policy.default).get_body(("html", "plain"))
    assert body is not None
    assert "sent by ren\ufffd " in body.get_content() and "app CRM\ufffd:" in body.get_content()
    assert "Caf\ufffd" in body.get_content()


INJECTIONS = st.text(st.characters() | st.sampled_from('\ud800\udce9\r\n\0<>,;:@" \u2028\u0085'), max_size=40)


@given(INJECTIONS, INJECTIONS, INJECTIONS, INJECTIONS)
def test_nothing_that_is_written_adds_a_header_or_a_recipient(name: str, subject: str, app: str, text: str) -> None:
    base = Desk().send(asked()).message
    message = replace(base, subject=subject, app=app, actor=text)
    template = f"<title>{text}</title><p>{text}</p>"
    try:
        content = compose(message, template, is_html=True, sender_name=name, to=("qa@example.com",), cc=())
    except StagemailError:
        return
    made = message_from_bytes(content, policy=policy.default)
    assert [key.lower() for key in made] == [
        "from", "to", "subject", "date", "message-id", "auto-submitted", "x-stagemail-test", "mime-version",
        "content-type",
    ]  # fmt: skip
    assert getaddresses([str(made["To"])]) == [("", "qa@example.com")]
    assert [address.addr_spec for address in made["From"].addresses] == ["no-reply@example.com"]
    assert "\n" not in subject_of(template, is_html=True)
    lines = content.replace(b"\r\n", b"")
    assert b"\r" not in lines and b"\n" not in lines, "only CRLF ends a line"


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_address_that_passes_is_one_address_and_fits_one_command(local: str, domain: str) -> None:
    try:
        address = plain_address(f"{local}@{domain}")
    except ValueError:
        return
    assert not set(address) & set('\r\n\0 <>,;:"()[]\\')
    assert address.count("@") == 1
    assert Envelope((address,)).recipients == (address,)


@pytest.mark.parametrize("address", ["a%evil.example@good.example", "evil.example!a@good.example"])
def test_an_address_that_a_relay_may_send_on_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="without % and !"):
        plain_address(address)


def test_addresses_beyond_ascii_stand_as_they_are() -> None:
    message = replace(Desk().send(asked()).message, sender="grüße@example.com")
    content = compose(message, "Hi", is_html=False, sender_name="QA", to=("ä@example.com",), cc=("ö@example.com",))
    made = message_from_bytes(content, policy=policy.default)
    found = getaddresses([str(made[name]) for name in ("From", "To", "Cc")])
    assert [address for _, address in found] == ["grüße@example.com", "ä@example.com", "ö@example.com"]


def test_a_domain_beyond_ascii_is_written_as_every_server_takes_it() -> None:
    message = replace(Desk().send(asked()).message, sender="no-reply@bücher.example")
    content = compose(message, "Hi", is_html=False, sender_name="QA", to=("qa@example.com",), cc=())
    assert b"From: QA <no-reply@xn--bcher-kva.example>" in content
    assert plainest("no-reply@bücher.example") == "no-reply@xn--bcher-kva.example"
    assert plainest("grüße@bücher.example") == "grüße@bücher.example", "its mailbox needs SMTPUTF8 anyway"


def test_an_id_stands_for_one_message_only() -> None:
    desk = Desk()
    desk.send(asked(id_="release-7"))
    with pytest.raises(InvalidInput, match="--id release-7 stands for another message, so nothing was sent"):
        desk.send(replace(asked(id_="release-7"), subject="Another one"))
    assert len(desk.probe.letters) == 1
