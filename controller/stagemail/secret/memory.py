"""The reference secret store: values in memory, with versions 1, 2, 3 … per key.

Not here: where real credentials come from.
"""

from collections.abc import Mapping
from threading import Lock

from stagemail.errors import NotFound, NotPermitted, SecretUnusable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret.value import from_bytes


class MemoryStore:
    """Implements ``ports.SecretStore``. ``values``: the first version of each key, as text or bytes."""

    def __init__(self, values: Mapping[str, str | bytes] | None = None) -> None:
        self._versions: dict[str, list[bytes]] = {}
        self._denied: set[str] = set()
        self._lock = Lock()
        self.reads: list[str] = []
        """Every reference that was read, in order: the oracle for "no store was called"."""
        for key, value in (values or {}).items():
            self.put(key, value)

    def put(self, key: str, value: str | bytes) -> str:
        """Add a version, as a rotation does; gives its number."""
        data = value.encode() if isinstance(value, str) else value
        versions = self._versions.setdefault(key, [])
        versions.append(data)
        return str(len(versions))

    def deny(self, key: str) -> None:
        """Refuse this key from now on."""
        self._denied.add(key)

    def read(self, ref: SecretRef) -> SecretVersion:
        """The newest version, or the pinned one. Raises NotFound, NotPermitted, SecretUnusable."""
        with self._lock:
            self.reads.append(str(ref))
        where = self.origin(ref)
        if ref.key in self._denied:
            raise NotPermitted(f"{where} may not be read", hint="let stagemail read this key")
        versions = self._versions.get(ref.key)
        if not versions:
            raise NotFound(f"{where} does not exist", hint="check `key`, or put the secret there")
        version = ref.version or str(len(versions))
        number = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
        if not 0 < number <= len(versions):
            raise SecretUnusable(f"{where} has no version {version}", hint=f"it has 1 to {len(versions)}")
        return SecretVersion(from_bytes(versions[number - 1], ref, where), version)

    def origin(self, ref: SecretRef) -> str:
        """The key, in words."""
        field = f", field {ref.field}" if ref.field else ""
        return f"key {ref.key} in memory{field}"
