"""Secrets from files below one folder.

No versions: a file keeps none. Its times and number differ between checkouts and mounts of the same value, and its
size would tell the length of the credential. Rotation is noticed by the fingerprint.

A file that everybody may write is refused. One that everybody may read is read, since Kubernetes and Docker mount
secrets like that, and ``origin`` says so.
Not here: how a file is opened (``folder``), the text and JSON inside (``value``).
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stagemail.errors import StagemailError
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.folder import Folder
from stagemail.secret.key import path_of, with_field
from stagemail.secret.value import LIMIT, from_bytes, refuse_pin, without_newline

_HINT: Final = "write the file's path below the store's folder, such as qa/smtp-password"


class FileStore:
    """Implements ``ports.SecretStore`` over one folder; ``follow_links_inside`` as in ``Folder``."""

    def __init__(self, folder: Path, *, follow_links_inside: bool = False) -> None:
        self._folder = Folder(folder, follow_links_inside=follow_links_inside)

    def read(self, ref: SecretRef) -> SecretVersion:
        """The file's text without one final newline.

        Raises InvalidInput (key), NotFound, NotPermitted, SecretUnusable, Unreachable.
        """
        where = self._where(ref)
        refuse_pin(ref, where)
        data = self._folder.content(path_of(ref, _HINT), where, LIMIT + 2)
        return SecretVersion(from_bytes(without_newline(data), ref, where))

    def origin(self, ref: SecretRef) -> str:
        """The file's path, in words, and whether everybody may read it."""
        try:
            with self._folder.opened(path_of(ref, _HINT), self._where(ref)) as file:
                open_to_all = os.fstat(file).st_mode & stat.S_IROTH
        except StagemailError:
            open_to_all = 0
        return f"{self._where(ref)} (every user of this machine may read it)" if open_to_all else self._where(ref)

    def _where(self, ref: SecretRef) -> str:
        return with_field(f"file {self._folder.path / ref.key}", ref)


def build(settings: Mapping[str, object], base: Path, environ: Mapping[str, str]) -> FileStore:  # noqa: ARG001
    """The store of an operator file's entry: ``path`` (relative to ``base``) and ``followLinksInside``."""
    return FileStore(base / str(settings["path"]), follow_links_inside=settings.get("followLinksInside", False) is True)
