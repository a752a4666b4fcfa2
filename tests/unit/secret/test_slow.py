"""Every store that asks over HTTP against a server that drips: one read ends, though each wait for a byte is short.

A byte takes nine seconds of the clock that the stores look at; real time decides nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from ssl import SSLContext
from threading import Thread
from typing import Any

import pytest
from tests.unit.secret.answering import authority
from tests.unit.secret.test_endless import STORES, Endless, Handler, _no_waiting, aws, cluster, google, vaults

from stagemail.errors import NotFound, Unreachable
from stagemail.model.secret import SecretRef
from stagemail.ports import SecretStore
from stagemail.secret import aws_secrets_manager, ending
from stagemail.secret.ending import InTime
from stagemail.secret.memory import MemoryStore
from stagemail.wiring import stores

__all__ = ["_no_waiting"]

SECONDS = 60.0
BYTE = 9.0
PATIENCE = 120.0
"""Seconds of real time that a client may take to hang up."""
HEAD = b"HTTP/1.1 200 OK\r\nX-Drip: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
REST = b"x\r\nContent-Length: 0\r\n\r\n" + 100 * b"x"
"""What ends either, should somebody wait for it."""


class Clock:
    """Stands for the module ``time``; the server moves it."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(ending, "time", made)
    return made


class Dripping(Endless):
    """Answers a call whose path has ``part`` in it byte by byte; ``left``: whether each client hung up meanwhile.

    ``begun``: answers that were begun.
    """

    def __init__(self, tls: SSLContext | None, part: str, clock: Clock, head: bytes) -> None:
        super().__init__(tls, 200, "", part)
        self.RequestHandlerClass = _Handler
        self.clock, self.head = clock, head
        self.begun = 0
        self.left: SimpleQueue[bool] = SimpleQueue()


class _Handler(Handler):
    server: Dripping

    def do_GET(self) -> None:
        if self.server.part not in self.path:
            super().do_GET()
            return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_CONNECT()

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def do_CONNECT(self) -> None:
        """Begin an answer; once its time is over give the client a chance to hang up, then let it have the rest."""
        self.server.begun += 1
        begun = self.server.clock.now
        self.wfile.write(self.server.head)
        while self.server.clock.now - begun < SECONDS:
            self.server.clock.now += BYTE
            self.wfile.write(b"x")
        is_left = self._is_left()
        if not is_left:
            self.wfile.write(REST)
        self.server.left.put(is_left)
        self.close_connection = True

    def _is_left(self) -> bool:
        self.connection.settimeout(PATIENCE)
        try:
            return self.connection.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


@contextmanager
def dripping(tls: SSLContext | None, part: str, clock: Clock, head: bytes = HEAD) -> Iterator[Dripping]:
    with Dripping(tls, part, clock, head) as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


def refused(store: SecretStore, key: str) -> Unreachable:
    with pytest.raises(Unreachable, match="no whole answer came within 60 s") as caught:
        InTime(store, SECONDS).read(SecretRef("store", key))
    assert caught.value.__context__ is None and "`timeout` of the store" in caught.value.hint
    return caught.value


@pytest.mark.parametrize("head", [HEAD, BODY], ids=["headers", "body"])
@pytest.mark.parametrize("name", STORES)
def test_an_answer_that_drips_ends(name: str, head: bytes, tmp_path: Path, clock: Clock) -> None:
    make, part, key = STORES[name]
    _, context = authority(tmp_path)
    with dripping(context if "azure" in name else None, part, clock, head) as server:
        refused(make(server.url, tmp_path), key)
        assert server.left.get(timeout=2 * PATIENCE), "the client did not wait for the end"
        assert server.begun == 1, "and did not ask again"


def test_the_token_of_google_may_not_drip_either(tmp_path: Path, clock: Clock) -> None:
    with dripping(None, "/token", clock) as server:
        store = google(server.url, tmp_path, f"{server.url}/token", impersonate="a@b.example.com")
        refused(store, "qa")
        assert server.left.get(timeout=2 * PATIENCE) and server.begun == 1


@pytest.mark.parametrize("name", ["aws", "vault", "kubernetes"])
def test_a_proxy_may_not_drip_either(name: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    away = "https://store.example.com"
    make: dict[str, Callable[[], SecretStore]] = {
        "aws": lambda: aws(aws_secrets_manager.build, away),
        "vault": lambda: vaults(away, "token"),
        "kubernetes": lambda: cluster(away, tmp_path),
    }
    with dripping(None, "", clock) as server:
        for variable in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, server.url)
        for variable in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(variable, raising=False)
        refused(make[name](), "qa/password")
        assert server.left.get(timeout=2 * PATIENCE) and server.begun == 1


def test_an_answer_in_time_is_the_stores_own_and_so_is_its_refusal(tmp_path: Path) -> None:
    kept = MemoryStore()
    kept.put("qa", b"value")
    store = InTime(kept, SECONDS)
    assert store.read(SecretRef("memory", "qa")).value.reveal() == "value"
    assert store.origin(SecretRef("memory", "qa")) == kept.origin(SecretRef("memory", "qa"))
    with pytest.raises(NotFound):
        store.read(SecretRef("memory", "none"))


@pytest.mark.parametrize(
    ("plugin", "settings"),
    [
        (stores.VAULT, {"type": "vault", "address": "https://v:8200", "login": {"method": "token", "variable": "T"}}),
        (stores.AWS_SECRETS_MANAGER, {"type": "aws-secrets-manager"}),
        (stores.AWS_PARAMETER_STORE, {"type": "aws-parameter-store"}),
        (stores.GOOGLE_SECRET_MANAGER, {"type": "google-secret-manager", "project": "example-mail"}),
        (stores.AZURE_KEY_VAULT, {"type": "azure-key-vault", "vaultUrl": "https://v.example.com"}),
        (stores.KUBERNETES, {"type": "kubernetes", "namespace": "mail"}),
    ],
)
def test_the_operator_file_bounds_every_store_that_is_asked_over_http(
    plugin: stores.BuiltIn, settings: dict[str, Any], tmp_path: Path
) -> None:
    made = [plugin.build(plugin.settings.model_validate(settings | more), tmp_path) for more in ({}, {"timeout": "5s"})]
    assert [vars(each)["_seconds"] for each in made] == [60.0, 5.0]
