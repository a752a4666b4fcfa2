"""A keyring in memory, as a backend of the library keyring, so that tests touch nobody's own."""

from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class MemoryKeyring(KeyringBackend):
    priority = 0.1  # type: ignore[assignment]  # never chosen by itself
    entries: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


class LockedKeyring(KeyringBackend):
    priority = 0.1  # type: ignore[assignment]  # never chosen by itself

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("canary-7f3a91")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("canary-7f3a91")
