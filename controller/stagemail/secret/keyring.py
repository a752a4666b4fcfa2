"""Secrets from the system keyring of an admin's own machine, by the library keyring. A key is an entry's user name.

No versions. A keyring may ask its user to unlock it, so a read waits for that, but not for ever.
Not here: machines without a user, where another store belongs.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final

from keyring import core, errors

from stagemail.errors import NotFound, NotPermitted, SecretUnusable, StagemailError, Unreachable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.key import name_of, with_field
from stagemail.secret.value import from_bytes, refuse_pin

SECONDS: Final = 60.0
"""How long a person has to unlock the keyring."""
_KEY: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_.@+=,~-]{1,255}", re.ASCII)


class KeyringStore:
    """Implements ``ports.SecretStore`` over one service of one keyring."""

    def __init__(self, service: str, backend: str | None, seconds: float = SECONDS) -> None:
        self._service, self._backend, self._seconds = service, backend, seconds
        self._lock = Lock()

    def read(self, ref: SecretRef) -> SecretVersion:
        """The entry's password.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnusable.
        """
        name_of(ref, _KEY, "write the entry's user name, such as smtp-qa: letters, digits and _ . @ + = , ~ -")
        where = self.origin(ref)
        refuse_pin(ref, where)
        text = self._asked(ref.key, where)
        if text is None:
            raise NotFound(f"{where} does not exist", hint=f"keyring set {self._service} {ref.key}")
        return SecretVersion(from_bytes(text.encode("utf-8", "surrogatepass"), ref, where))

    def origin(self, ref: SecretRef) -> str:
        """Service and user name, in words."""
        return with_field(f"keyring entry {ref.key} of service {self._service}", ref)

    def _asked(self, key: str, where: str) -> str | None:
        """The answer of a thread that is left behind when it takes too long."""
        answers: list[str | StagemailError | None] = []
        thread = Thread(target=lambda: answers.append(self._answer(key, where)), daemon=True, name="keyring")
        thread.start()
        thread.join(self._seconds)
        if not answers:
            raise Unreachable(f"{where}: the keyring did not answer in time", hint="unlock the keyring, then run again")
        if isinstance(answers[0], StagemailError):
            raise answers[0]
        return answers[0]

    def _answer(self, key: str, where: str) -> str | StagemailError | None:
        failed: StagemailError
        try:
            with self._lock:
                ring = core.load_keyring(self._backend) if self._backend else core.get_keyring()
                return ring.get_password(self._service, key)
        except errors.KeyringLocked:
            failed = NotPermitted(f"{where}: the keyring is locked", hint="unlock it, then run again")
        except (errors.NoKeyringError, errors.InitError, ImportError, AttributeError, RuntimeError, TypeError):
            failed = SecretUnusable(
                f"{where}: this machine has no such keyring",
                hint="check `backend` of the store (`keyring --list-backends`), or keep the secret in another store",
            )
        except (errors.KeyringError, OSError):
            failed = Unreachable(f"{where}: the keyring cannot be read", hint="unlock it, then run again")
        except ValueError:
            failed = SecretUnusable(f"{where} is not text", hint="store the secret as text")
        return failed


def build(settings: Mapping[str, Any], _base: Path, _environ: Mapping[str, str]) -> KeyringStore:
    """The store of an operator file's entry. Asks nothing yet."""
    return KeyringStore(str(settings.get("service") or "stagemail"), settings.get("backend"))
