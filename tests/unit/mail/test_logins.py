"""Logins: which mechanism is tried, over what, and how often."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.unit.mail import certificates
from tests.unit.mail.failures import inside
from tests.unit.mail.servers import Line, probe_of, rogue, server_context

from stagemail.model.probe import Basic, Extent, Mechanism, Probed, Server
from stagemail.model.secret import Secret

USER, PASSWORD = "mailer@example.com", "pässwörd of ours"
"""RFC 4616 wants UTF-8, and people do have such passwords."""


def probed(folder: Path, turns: tuple[str, ...], mechanism: Mechanism | None = None) -> tuple[Probed, list[str]]:
    certificates.ensure_certificates(folder, certificates.NAME)
    server = Server(certificates.NAME, 465, "tls", Basic(USER, Secret(PASSWORD)))
    with rogue(inside(folder, *turns)) as (port, heard):
        found = probe_of({465: port}, folder / "ca.pem").probe(server, Extent(until="auth", mechanism=mechanism))
    return found, heard


def decoded(line: str) -> str:
    return b64decode(line).decode()


def test_plain_carries_user_and_password_in_utf_8(tmp_path: Path) -> None:
    found, heard = probed(
        tmp_path, ("S:220 hi", "C", "S:250-x|250 AUTH LOGIN PLAIN", "C", "S:235 in", "C", "S:221 bye")
    )
    assert found.passed
    assert decoded(heard[1].removeprefix("AUTH PLAIN ")) == f"\0{USER}\0{PASSWORD}"


def test_login_answers_two_questions(tmp_path: Path) -> None:
    turns = ("S:220 hi", "C", "S:250-x|250 AUTH LOGIN", "C", "S:334 VXNlcm5hbWU6", "C", "S:334 UGFzc3dvcmQ6", "C")
    found, heard = probed(tmp_path, (*turns, "S:235 in", "C", "S:221 bye"))
    assert found.passed
    assert [decoded(line) for line in heard[2:4]] == [USER, PASSWORD]


def test_cram_md5_never_sends_the_password(tmp_path: Path) -> None:
    challenge = "<1896.697170952@postoffice.example.net>"
    turns = ("S:220 hi", "C", "S:250-x|250 AUTH CRAM-MD5", "C", f"S:334 {b64encode(challenge.encode()).decode()}", "C")
    found, heard = probed(tmp_path, (*turns, "S:235 in", "C", "S:221 bye"))
    assert found.passed
    digest = hmac.new(PASSWORD.encode(), challenge.encode(), "md5").hexdigest()
    assert decoded(heard[2]) == f"{USER} {digest}"
    assert PASSWORD not in decoded(heard[2])


def test_a_wrong_password_is_tried_once_although_three_logins_are_offered(tmp_path: Path) -> None:
    turns = ("S:220 hi", "C", "S:250-x|250 AUTH PLAIN LOGIN CRAM-MD5", "C", "S:535 5.7.8 no", "C", "C")
    _, heard = probed(tmp_path, turns)
    assert len([line for line in heard if line.startswith("AUTH")]) == 1


def test_a_mechanism_that_the_server_cannot_do_is_followed_by_the_next(tmp_path: Path) -> None:
    turns = ("S:220 hi", "C", "S:250-x|250 AUTH PLAIN LOGIN", "C", "S:504 5.5.4 no", "C", "S:334 VXNlcm5hbWU6", "C")
    found, heard = probed(tmp_path, (*turns, "S:334 UGFzc3dvcmQ6", "C", "S:235 in", "C", "S:221 bye"))
    assert found.passed
    assert [line.split()[1] for line in heard if line.startswith("AUTH")] == ["PLAIN", "LOGIN"]


def test_one_mechanism_can_be_asked_for(tmp_path: Path) -> None:
    turns = ("S:220 hi", "C", "S:250-x|250 AUTH PLAIN LOGIN", "C", "S:334 VXNlcm5hbWU6", "C", "S:334 UGFzc3dvcmQ6", "C")
    found, _ = probed(tmp_path, (*turns, "S:235 in", "C", "S:221 bye"), "LOGIN")
    step = found.step("auth")
    assert step is not None and step.facts["mechanism"] == "LOGIN"


@pytest.mark.parametrize("offer", ["250-x|250 AUTH=PLAIN", "250-x|250 auth plain"])
def test_old_and_odd_spellings_of_auth_are_read(tmp_path: Path, offer: str) -> None:
    assert probed(tmp_path, ("S:220 hi", "C", f"S:{offer}", "C", "S:235 in", "C", "S:221 bye"))[0].passed


def test_what_was_offered_before_tls_is_forgotten(tmp_path: Path) -> None:
    context = server_context(*certificates.ensure_certificates(tmp_path, certificates.NAME))

    def play(line: Line) -> None:
        line.say("220 hi")
        line.hear()
        line.say("250-x", "250-AUTH PLAIN", "250 STARTTLS")
        line.hear()
        line.say("220 go")
        line.secure(context)
        line.hear()
        line.say("250 x")
        line.hear()

    server = Server(certificates.NAME, 587, "starttls", Basic(USER, Secret(PASSWORD)))
    with rogue(play) as (port, heard):
        found = probe_of({587: port}, tmp_path / "ca.pem").probe(server, Extent(until="auth"))
    assert found.failure is not None and found.failure.code == "auth-not-offered"
    assert not any(line.startswith("AUTH") for line in heard)


def facts(found: Probed) -> Mapping[str, object]:
    step = found.step("ehlo")
    assert step is not None
    return step.facts


def test_what_is_offered_is_told(tmp_path: Path) -> None:
    turns = (
        "S:220 hi",
        "C",
        "S:250-x|250-SIZE 10240000|250-8BITMIME|250-SMTPUTF8|250 AUTH PLAIN",
        "C",
        "S:235 in",
        "C",
    )
    told = facts(probed(tmp_path, (*turns, "S:221 bye"))[0])
    assert (told["size"], told["8bitmime"], told["smtputf8"], told["auth"]) == (10240000, True, True, ("PLAIN",))
