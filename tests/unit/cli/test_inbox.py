"""`stagemail inbox` as a person types it; its server as a process that is stopped, and one that is killed."""

import json
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.inbox.place import MESSAGE, arrived

from stagemail.cli.group import stagemail
from stagemail.errors import NotFound, UsageError
from stagemail.inbox.store import Reader, Writer
from stagemail.model.inbox import InboxLimits

PROGRAM = str(Path(sys.executable).with_name("stagemail"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Writer(tmp_path, InboxLimits(messages=3)) as writer:
        writer.keep([arrived("One"), arrived("Two"), arrived("Three")], datetime(2026, 11, 26, tzinfo=UTC))
        writer.keep([arrived("Four", MESSAGE.encode())], datetime(2026, 11, 26, tzinfo=UTC))
    return tmp_path


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(stagemail, ["inbox", *map(str, arguments)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_list_says_what_is_there_and_what_went(folder: Path) -> None:
    text = run("list", "--folder", folder).output
    assert "Four" in text.splitlines()[0]
    assert "3 messages, 67 bytes; 1 older ones were dropped by the limits" in text
    found = json.loads(run("list", "--folder", folder, "--limit", "1", "--format", "json").output)
    assert [one["subject"] for one in found["messages"]] == ["Four"]
    assert found["state"] == {"messages": 3, "size": 67, "dropped": 1}


def test_show_search_and_export(folder: Path, tmp_path: Path) -> None:
    assert "Hello there" in run("show", "4", "--folder", folder).output
    assert "1 shown of 3 messages" in run("search", "hello", "--folder", folder).output
    run("export", "4", tmp_path / "m.eml", "--folder", folder)
    assert (tmp_path / "m.eml").read_bytes() == MESSAGE.encode()


def test_clear_asks_which(folder: Path) -> None:
    with pytest.raises(UsageError, match="which messages"):
        run("clear", "--folder", folder)
    assert "deleted 1 message; 2 left" in run("clear", "4", "99", "--folder", folder).output
    assert "deleted 2 messages; 0 left" in run("clear", "--all", "--folder", folder).output


def test_without_an_inbox_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as told:
        run("list", "--folder", tmp_path / "none")
    assert "inbox serve" in told.value.hint


def test_beyond_loopback_the_api_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="token"):
        run("serve", "--folder", tmp_path, "--http-port", "0", "--http-host", "0.0.0.0")


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The server as a process; its port."""
    ports = folder.parent / f"{folder.name}.port"
    command = [PROGRAM, "inbox", "serve", "--folder", str(folder), "--port", "0", "--port-file", str(ports), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        end = time.monotonic() + 180
        while not ports.exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < end
            time.sleep(0.02)
        yield process, int(ports.read_text().split()[0])
    finally:
        process.kill()
        process.wait(120)
        assert process.stdout
        process.stdout.close()
        ports.unlink(missing_ok=True)


def client(folder: Path, port: int) -> smtplib.SMTP:
    found = smtplib.SMTP("localhost", port, timeout=120)
    try:
        found.starttls(context=ssl.create_default_context(cafile=str(folder / "certificate.pem")))
        found.login("inbox", (folder / "password").read_text().strip())
    except BaseException:
        found.close()
        raise
    return found


def test_sigterm_ends_it_with_zero_and_everything_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    with served(folder) as (process, port), client(folder, port) as session:
        session.sendmail("a@example.com", ["b@example.com"], MESSAGE)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=300)
        session.close()
    assert process.returncode == 0, output
    assert "every message that was accepted is kept" in output
    password = (folder / "password").read_text().strip()
    assert password not in output
    assert Reader(folder).state().messages == 1
    assert (folder / "password").stat().st_mode & 0o077 == 0


def test_what_was_accepted_is_there_after_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    for kills in range(1, 4):
        with served(folder) as (process, port):
            session = client(folder, port)
            for number in range(20):
                session.sendmail("a@example.com", [f"{kills}-{number}@example.com"], MESSAGE)
            process.kill()
            process.wait(120)
            session.close()
        found = {one.recipients[0] for one in Reader(folder).messages(limit=1000)}
        assert {f"{kill}-{number}@example.com" for kill in range(1, kills + 1) for number in range(20)} <= found
