"""YAML and JSON files that SOPS encrypted for age: the data key, the values and the MAC over all of them.

Format (SOPS README, "Encryption protocol", and its reference implementation): the data key of 32 bytes is encrypted
for each age recipient; a value is AES-256-GCM with its path as additional data, each key followed by a colon; the MAC
is the SHA-512 of all plain values in the order of the file (with ``mac_only_encrypted``: of the encrypted ones after 32
fixed bytes), encrypted with the time of the last change as additional data. Nothing is given out before the MAC is
verified, and never what stood there unencrypted.
Not read: several key groups (Shamir), several documents in a file, formats other than YAML and JSON.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stagemail.document.reading import read
from stagemail.errors import NotFound, NotPermitted, SecretUnexpected, SecretUnusable

_SEALED: Final = re.compile(r"ENC\[AES256_GCM,data:([^,]*),iv:([^,]+),tag:([^,]+),type:([a-z0-9]+)\]", re.ASCII)
_ONLY_ENCRYPTED: Final = hashlib.sha256(b"sops").digest()
"""What the MAC begins with under ``mac_only_encrypted``."""
_KEY_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: tuple[str, ...]
    value: object


class SopsFile:
    """One file, parsed. Raises SecretUnexpected, SecretUnusable."""

    def __init__(self, data: bytes, name: str, where: str) -> None:
        self._where = where
        tree = _from_json(data) if name.endswith(".json") else self._from_yaml(data, name)
        about = tree.pop("sops", None) if isinstance(tree, dict) else None
        if not isinstance(about, dict):
            raise SecretUnexpected(
                f"{where} is neither an age file nor one of SOPS", hint="encrypt it with age or with sops --age"
            )
        if len(about.get("key_groups") or ()) > 1:
            raise SecretUnusable(f"{where} has several key groups", hint="encrypt it for age with one group of keys")
        self._tree: dict[str, Any] = tree
        self._about: dict[str, Any] = about
        self.modified = str(about.get("lastmodified") or "")

    def key(self, unseal: Callable[[bytes], bytes]) -> bytes:
        """The data key, from the first recipient's entry that ``unseal`` opens. Raises NotPermitted what it raises."""
        groups = self._about.get("key_groups") or [{}]
        entries = self._about.get("age") or groups[0].get("age") or []
        sealed = [str(entry["enc"]).encode() for entry in entries if isinstance(entry, dict) and entry.get("enc")]
        if not sealed:
            raise SecretUnusable(
                f"{self._where} is not encrypted for age", hint="add an age recipient: sops rotate --in-place --add-age"
            )
        for number, one in enumerate(sealed, 1):
            try:
                found = unseal(one)
            except NotPermitted:
                if number == len(sealed):
                    raise
                continue
            if len(found) == _KEY_SIZE:
                return found
        raise self._damaged()

    def value(self, field: str, key: bytes) -> str:
        """The text of the member that ``field`` names, a dot between nested ones, or of the single one."""
        plain = self._verified(key)
        if not field:
            if len(plain) == 1:
                return self._text(next(iter(plain.values())))
            raise SecretUnusable(f"{self._where} has {len(plain)} encrypted values", hint="say which one with `field`")
        for path in ((field,), tuple(field.split("."))):
            if path in plain:
                return self._text(plain[path])
        if any(leaf.path in ((field,), tuple(field.split("."))) and leaf.value is not None for leaf in self._leaves()):
            raise SecretUnusable(
                f"{self._where} is not encrypted there, or is a list",
                hint="let sops encrypt it (encrypted_regex or unencrypted_suffix in .sops.yaml), then change the "
                "credential",
            )
        raise NotFound(f"{self._where} has no such field", hint="check the spelling of `field`: smtp.password")

    def _verified(self, key: bytes) -> dict[tuple[str, ...], object]:
        """Every encrypted value by its path, once the MAC fits; values in lists are verified and not given out."""
        only = self._about.get("mac_only_encrypted") in (True, "true")
        digest = hashlib.sha512(_ONLY_ENCRYPTED if only else b"")
        plain: dict[tuple[str, ...], object] = {}
        seen: set[tuple[str, ...]] = set()
        for leaf in self._leaves():
            sealed = _SEALED.fullmatch(leaf.value) if isinstance(leaf.value, str) else None
            if sealed:
                data, kind = self._unsealed(sealed, key, "".join(f"{part}:" for part in leaf.path))
                value = _typed(data, kind)
                if value is None:
                    raise self._damaged()
                if leaf.path in seen:
                    plain.pop(leaf.path, None)
                else:
                    plain[leaf.path] = value
                seen.add(leaf.path)
                digest.update(_bytes(value))
            elif not only:
                digest.update(self._unencrypted(leaf.value))
        self._check_mac(digest.hexdigest().upper(), key)
        return plain

    def _check_mac(self, computed: str, key: bytes) -> None:
        sealed = _SEALED.fullmatch(str(self._about.get("mac") or ""))
        if not sealed:
            raise SecretUnusable(f"{self._where} has no MAC", hint="encrypt it anew with sops")
        stored, _ = self._unsealed(sealed, key, self.modified)
        if not hmac.compare_digest(stored, computed.encode()):
            raise SecretUnusable(
                f"{self._where} was changed after it was encrypted: its MAC does not fit",
                hint="look who changed it (git log), then restore it or encrypt it anew with sops",
            )

    def _leaves(self) -> Iterator[_Leaf]:
        return _walk(self._tree, ())

    def _unsealed(self, sealed: re.Match[str], key: bytes, additional: str) -> tuple[bytes, str]:
        data: bytes | None = None
        try:
            body, nonce, tag = (base64.b64decode(sealed[number], validate=True) for number in (1, 2, 3))
            data = AESGCM(key).decrypt(nonce, body + tag, additional.encode())
        except (InvalidTag, ValueError, binascii.Error):
            data = None
        if data is None:
            raise self._damaged()
        return data, sealed[4]

    def _unencrypted(self, value: object) -> bytes:
        if isinstance(value, str | bool | int | float):
            return _bytes(value)
        raise SecretUnusable(
            f"{self._where} holds an unencrypted value that YAML tools read differently",
            hint="write it in double quotes, then encrypt anew with sops",
        )

    def _text(self, value: object) -> str:
        if isinstance(value, str):
            return value
        raise SecretUnusable(
            f"{self._where} is not text", hint="write the value in double quotes before it is encrypted"
        )

    def _damaged(self) -> SecretUnusable:
        return SecretUnusable(
            f"{self._where} is damaged, or its values were moved or changed", hint="restore it, or encrypt it anew"
        )

    def _from_yaml(self, data: bytes, name: str) -> Any:
        documents, problems = read(data, name)
        if problems or len(documents) != 1:
            first = f", line {problems[0].location.line}" if problems else ""
            raise SecretUnexpected(
                f"{self._where} is not one YAML document of the strict kind{first}",
                hint="keep one document in the file, without anchors, and quote what YAML tools read differently",
            )
        return documents[0].value


def _from_json(data: bytes) -> Any:
    try:
        return json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _walk(node: object, path: tuple[str, ...]) -> Iterator[_Leaf]:
    """Every value but null, in the order of the file; members of a list have the list's path."""
    if isinstance(node, dict):
        for name, below in node.items():
            yield from _walk(below, (*path, str(name)))
    elif isinstance(node, list):
        for below in node:
            yield from _walk(below, path)
    elif node is not None:
        yield _Leaf(path, node)


def _typed(data: bytes, kind: str) -> object:
    """The value of a SOPS type; None for one that no value has, or that does not fit."""
    try:
        text = data.decode("utf-8")
        if kind in ("str", "time"):
            return text
        if kind == "bool":
            return {"True": True, "False": False, "true": True, "false": False}.get(text)
        if kind == "int":
            return int(text)
        return float(text) if kind == "float" else data if kind == "bytes" else None
    except ValueError:
        return data if kind == "bytes" else None


def _bytes(value: object) -> bytes:
    """A value as the MAC takes it: Go's shortest form without an exponent, True and False in title case."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text).encode()
    return str(value).encode("utf-8", "surrogatepass")
