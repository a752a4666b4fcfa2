"""The HTTP API: who may ask, what it answers, and that it is described."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.inbox.place import arrived

from stagemail.inbox.api import api
from stagemail.inbox.store import Writer
from stagemail.model.inbox import InboxLimits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Writer(tmp_path, InboxLimits()) as writer:
        writer.keep([arrived("Your order", b"Subject: Your order\r\n\r\nHello"), arrived("Invoice")], datetime.now(UTC))
    return tmp_path


def ask(folder: Path, token: str = "", host: str = "http://127.0.0.1:8025") -> Any:
    return TestClient(api(folder, token), base_url=host)


def test_it_lists_shows_and_gives_the_message_as_it_came(folder: Path) -> None:
    client = ask(folder)
    assert [one["subject"] for one in client.get("/messages").json()] == ["Invoice", "Your order"]
    assert [one["id"] for one in client.get("/messages", params={"q": "hello"}).json()] == [1]
    assert client.get("/messages/1").json()["recipients"] == ["b@example.com"]
    raw = client.get("/messages/1/raw")
    assert raw.content == b"Subject: Your order\r\n\r\nHello"
    assert raw.headers["content-disposition"] == 'attachment; filename="1.eml"'
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert client.get("/state").json() == {"messages": 2, "size": 29, "dropped": 0}


@pytest.mark.parametrize("path", ["/messages", "/messages/1", "/messages/1/raw", "/messages/99", "/state"])
def test_no_browser_takes_an_answer_for_a_page(folder: Path, path: str) -> None:
    for client in (ask(folder), ask(folder, host="http://evil.example")):
        headers = client.get(path).headers
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert headers["content-security-policy"] == "default-src 'none'"


def test_it_deletes_one_and_all(folder: Path) -> None:
    client = ask(folder)
    assert client.delete("/messages/1").json() == {"deleted": 1}
    assert client.get("/messages/1").status_code == 404
    assert client.delete("/messages").json() == {"deleted": 1}


@pytest.mark.parametrize("path", ["/messages/99", "/messages/99/raw", f"/messages/{2**70}"])
def test_what_is_not_there_is_404(folder: Path, path: str) -> None:
    assert ask(folder).get(path).status_code == 404


@pytest.mark.parametrize("host", ["http://evil.example", "http://127.0.0.1.evil.example:8025", "http://192.0.2.1"])
def test_on_loopback_only_loopback_names_are_answered(folder: Path, host: str) -> None:
    assert ask(folder, host=host).get("/messages").status_code == 421


@pytest.mark.parametrize("host", ["http://localhost", "http://127.0.0.1:1", "http://[::1]:8025"])
def test_loopback_names_are_answered(folder: Path, host: str) -> None:
    assert ask(folder, host=host).get("/messages").status_code == 200


def test_a_page_of_another_site_deletes_nothing(folder: Path) -> None:
    client = ask(folder)
    for origin in ("http://evil.example", "null"):
        assert client.delete("/messages", headers={"Origin": origin}).status_code == 403
    assert client.delete("/messages", headers={"Origin": "http://localhost:8025"}).status_code == 200


def test_with_a_token_nobody_gets_in_without_it(folder: Path) -> None:
    client = ask(folder, token="t0ken", host="http://inbox.example")
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "t0"}):
        assert client.get("/messages", headers=header).status_code == 401
        assert client.delete("/messages", headers=header).status_code == 401
        assert client.get("/openapi.json", headers=header).status_code == 401
    assert client.get("/messages", headers={"Authorization": "Bearer t0ken"}).status_code == 200


def test_every_path_is_described(folder: Path) -> None:
    described = ask(folder).get("/openapi.json").json()
    assert {(path, verb) for path, verbs in described["paths"].items() for verb in verbs} == {
        ("/messages", "get"), ("/messages", "delete"), ("/messages/{number}", "get"), ("/messages/{number}", "delete"),
        ("/messages/{number}/raw", "get"), ("/state", "get"),
    }  # fmt: skip
    assert all(one.get("summary") for verbs in described["paths"].values() for one in verbs.values())
