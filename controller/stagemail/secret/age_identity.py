"""The identities that open age files: from a file that only we may read and that is in no repository, or a variable.

Not here: what they open (``age``).
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

import pyrage

from stagemail.errors import NotFound, NotPermitted, SecretEmpty, SecretUnusable
from stagemail.secret.login import from_variable

_LARGEST: Final = 64 * 1024
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class Identities:
    """All identities of one store, read when the first secret is."""

    def __init__(self, file: Path | None, variable: str, environ: Mapping[str, str]) -> None:
        self._file, self._variable, self._environ = file, variable, environ
        self._lock = Lock()
        self._known: list[Any] = []

    def all(self) -> list[Any]:
        """pyrage's identities. Raises NotFound, NotPermitted, SecretEmpty, SecretUnusable."""
        with self._lock:
            if not self._known:
                self._known = _parsed(*self._text())
            return self._known

    def recipient(self) -> str:
        """The public key of the first identity that can tell it, for a message."""
        return next((str(one.to_public()) for one in self.all() if hasattr(one, "to_public")), "of our SSH key")

    def _text(self) -> tuple[str, str]:
        if self._file is None:
            text = from_variable(self._environ, self._variable, "the secret store of type age")
            return text, f"environment variable {self._variable}"
        path = self._file.resolve()
        _require_outside(path)
        return _private(path), f"identity file {path}"


def _require_outside(path: Path) -> None:
    """Refuse a file in a Git working tree: ignored today, it is one ``git add`` away from everybody."""
    tree = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    if tree is not None:
        raise NotPermitted(
            f"the identity file {path} lies in the Git working tree {tree}",
            hint="move it outside, such as to /etc/stagemail/age.txt, and set `identityFile`; if it was ever "
            "committed, make a new identity, encrypt anew and change the credentials",
        )


def _private(path: Path) -> str:
    """The text of a regular file that nobody but its owner may touch."""
    data, mode = b"", 0
    failed = ""
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            mode = os.fstat(descriptor).st_mode
            data = os.read(descriptor, _LARGEST) if stat.S_ISREG(mode) else b""
        finally:
            os.close(descriptor)
    except OSError as error:
        failed = os.strerror(error.errno or 0)
    if failed:
        raise NotFound(f"the identity file {path} cannot be read: {failed}", hint="check `identityFile` of the store")
    if not stat.S_ISREG(mode):
        raise SecretUnusable(f"the identity file {path} is no regular file", hint="check `identityFile` of the store")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotPermitted(f"the identity file {path} may be read by others", hint=f"chmod 600 {path}")
    return data.decode("utf-8", "replace")


def _parsed(text: str, where: str) -> list[Any]:
    if text.lstrip().startswith("-----BEGIN"):
        return [_made(pyrage.ssh.Identity.from_buffer, text.encode(), where)]
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise SecretEmpty(f"{where} holds no identity", hint="make one: age-keygen --output FILE")
    return [_made(pyrage.x25519.Identity.from_str, key, where) for key in keys]


def _made(make: Any, given: Any, where: str) -> Any:
    """The identity; pyrage's exception may hold what it was given, so it is let go."""
    try:
        made = make(given)
    except (pyrage.IdentityError, ValueError):
        made = None
    if made is None:
        raise SecretUnusable(
            f"{where} holds something that is no age identity",
            hint="write AGE-SECRET-KEY-1… lines, or one OpenSSH private key without a passphrase; plugins and "
            "encrypted keys are not read",
        )
    return made
