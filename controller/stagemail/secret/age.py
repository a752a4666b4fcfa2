"""Secrets from files encrypted with age, by pyrage, and from YAML and JSON that SOPS encrypted for age.

The encrypted files may be in Git; the identity that opens them never is (``age_identity``).
No versions: pins are refused. Not here: how a file is opened (``folder``), SOPS's format (``sops``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyrage

from stagemail.errors import NotPermitted, SecretUnexpected, SecretUnusable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.age_identity import Identities
from stagemail.secret.folder import Folder
from stagemail.secret.key import path_of, with_field
from stagemail.secret.sops import SopsFile
from stagemail.secret.value import from_bytes, from_text, refuse_pin, too_large, without_newline

_LARGEST: Final = 1024 * 1024
"""Bytes of an encrypted file."""
_MARKS: Final = (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----")
_SOPS: Final = (".yaml", ".yml", ".json")
_HINT: Final = "write the encrypted file's path below the store's folder, such as qa/smtp.age"


class AgeStore:
    """Implements ``ports.SecretStore`` over one folder of encrypted files."""

    def __init__(self, folder: Folder, identities: Identities) -> None:
        self._folder, self._identities = folder, identities

    def read(self, ref: SecretRef) -> SecretVersion:
        """What is encrypted in the file, without one final newline.

        Raises InvalidInput (key), NotFound, NotPermitted, SecretEmpty, SecretUnexpected, SecretUnusable, Unreachable.
        """
        parts, where = path_of(ref, _HINT), self.origin(ref)
        refuse_pin(ref, where)
        data = self._folder.content(parts, where, _LARGEST)
        if len(data) > _LARGEST:
            raise too_large(where)
        if data.startswith(_MARKS):
            return SecretVersion(from_bytes(without_newline(self._opened(data, where)), ref, where))
        if parts[-1].endswith(_SOPS):
            file = SopsFile(data, parts[-1], where)
            text = file.value(ref.field, file.key(lambda sealed: self._opened(sealed, where)))
            return SecretVersion(from_text(text, SecretRef(ref.store, ref.key), where), created=file.modified)
        raise SecretUnexpected(
            f"{where} is not encrypted with age",
            hint="encrypt it: age --encrypt --armor --recipient age1… --output FILE.age; then delete the plain one and "
            "change the credential, since it lay there in the open",
        )

    def origin(self, ref: SecretRef) -> str:
        """The file's path, in words."""
        return with_field(f"age file {self._folder.path / ref.key}", ref)

    def _opened(self, data: bytes, where: str) -> bytes:
        """The plain bytes. pyrage's exceptions are let go before ours is raised."""
        identities = self._identities.all()
        plain: bytes | None = None
        wrong = ""
        try:
            plain = pyrage.decrypt(data, identities)
        except (pyrage.DecryptError, ValueError) as error:
            wrong = str(error)
        if plain is not None:
            return plain
        if "matching key" in wrong:
            raise NotPermitted(
                f"{where} is not encrypted for our identity",
                hint=f"encrypt it for the recipient {self._identities.recipient()} too, or name another "
                "identity; what was encrypted with a passphrase cannot be read",
            )
        raise SecretUnusable(f"{where} cannot be decrypted: it is damaged or not for a key", hint="encrypt it anew")


def build(settings: Mapping[str, Any], base: Path, environ: Mapping[str, str]) -> AgeStore:
    """The store of an operator file's entry. Reads nothing yet."""
    file, variable = settings.get("identityFile"), settings.get("identityVariable")
    identities = Identities(base / file if file else None, variable or "", environ)
    return AgeStore(Folder(base / str(settings["path"])), identities)
