"""Every failure that we tried ends in one failed step with its cause, without the credential and without a message."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from tests.unit.mail import certificates
from tests.unit.mail.failures import CASES, Case, inside
from tests.unit.mail.servers import PATIENT, QUICK, probe_of, rogue

from stagemail.model.probe import Basic, Extent, Probed, Server
from stagemail.model.secret import Secret

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "preflight.md"
PASSWORD = "s3cret-of-the-test"
EXTENT = Extent(sender="no-reply@example.com", recipients=("crm-test@example.com",))


def tried(case: Case, folder: Path) -> tuple[Probed, list[str]]:
    certificates.ensure_certificates(folder, case.host)
    server = Server(case.host, 587, case.security, Basic("mailer@example.com", Secret(PASSWORD)))
    play = case.play(folder) if case.host == certificates.NAME else _under(case, folder)
    with rogue(play) as (port, heard):
        bounds = QUICK if case.code == "too-slow" else PATIENT
        probed = probe_of({587: port}, folder / "ca.pem", bounds=bounds, name=case.host).probe(server, EXTENT)
    return probed, heard


def _under(case: Case, folder: Path) -> object:
    """The same play with a certificate for the provider's name."""
    certificate, key = certificates.ensure_certificates(folder, case.host)
    (folder / f"{certificates.NAME}.pem").write_bytes(certificate.read_bytes())
    (folder / f"{certificates.NAME}.key").write_bytes(key.read_bytes())
    return case.play(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what.replace(" ", "-"))
def test_a_failure_has_its_step_its_cause_and_a_next_step(case: Case, tmp_path: Path) -> None:
    probed, heard = tried(case, tmp_path)
    failure = probed.failure
    assert failure is not None
    assert (failure.name, failure.code) == (case.step, case.code), failure
    assert failure.cause and failure.next_step
    assert rows()[case.what][2] in failure.cause, "the page says what preflight says"
    assert probed.steps[-1] == failure
    assert "DATA" not in heard
    shown = repr(probed)
    assert PASSWORD not in shown and b64encode(PASSWORD.encode()).decode() not in shown
    if case.security == "none" or case.code == "starttls-missing":
        assert not any(line.startswith("AUTH") for line in heard)


def rows() -> dict[str, tuple[str, str, str]]:
    found = re.findall(
        r"^\| ([^|]+?) *\| `([a-z-]+)` *\| `([a-z0-9-]+)` *\| ([^|]+?) *\|$", PAGE.read_text(), re.MULTILINE
    )
    return {what: (step, code, says) for what, step, code, says in found}


def test_the_page_has_one_row_for_every_failure_that_was_tried() -> None:
    assert {case.what: (case.step, case.code) for case in CASES} == {what: row[:2] for what, row in rows().items()}


def test_a_server_that_repeats_the_credential_does_not_get_it_shown(tmp_path: Path) -> None:
    plain = b64encode(f"\0mailer@example.com\0{PASSWORD}".encode()).decode()
    reply = f"S:535 5.7.8 {PASSWORD} {plain} {b64encode(PASSWORD.encode()).decode()}"
    case = Case(
        "echo",
        "auth",
        "wrong-password",
        lambda folder: inside(folder, "S:220 hello", "C", "S:250-x|250 AUTH PLAIN", "C", reply, "C"),
    )
    probed, heard = tried(case, tmp_path)
    assert any(plain in line for line in heard), "the server did get the credential"
    assert probed.failure is not None
    assert probed.failure.reply == "535 5.7.8 *** *** ***"


@pytest.mark.parametrize(
    "reply",
    [
        "535 5.7.8 cannot parse {filler} {plain}",  # cut where a report cuts
        "535-5.7.8 cannot parse {first}|535 5.7.8 {second}",  # broken into two lines
        "535 5.7.8 AUTH PLAIN '{first}...' is too long",  # cut by the server
    ],
)
def test_a_part_of_the_credential_is_not_shown_either(tmp_path: Path, reply: str) -> None:
    plain = b64encode(f"\0mailer@example.com\0{PASSWORD}".encode()).decode()
    parts = {"filler": "x " * 130, "plain": plain, "first": plain[:30], "second": plain[30:]}
    said = reply.format(**parts)
    turns = ("S:220 hello", "C", "S:250-x|250 AUTH PLAIN", "C", f"S:{said}", "C")
    probed, heard = tried(Case("part", "auth", "wrong-password", lambda folder: inside(folder, *turns)), tmp_path)
    assert any(plain in line for line in heard), "the server did get the credential"
    told = repr(probed)
    assert not any(plain[at : at + 12] in told for at in range(len(plain) - 11)), told


def test_a_wrong_certificate_is_described_although_it_was_refused(tmp_path: Path) -> None:
    by_code = {case.code: case for case in CASES}
    other = tried(by_code["certificate-other-name"], tmp_path / "other")[0].failure
    assert other is not None and "mail.elsewhere.example" in other.cause
    assert other.facts["names"] == ("mail.elsewhere.example",)
    ended = tried(by_code["certificate-expired"], tmp_path / "ended")[0].failure
    assert ended is not None and ended.facts["daysLeft"] == -1
    own = tried(by_code["certificate-self-signed"], tmp_path / "own")[0].failure
    assert own is not None and own.facts["issuer"] == certificates.NAME
