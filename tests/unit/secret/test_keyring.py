"""The system keyring, through backends of our own."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.contract.keyring_backend import LockedKeyring, MemoryKeyring

from stagemail.errors import InvalidInput, NotFound, NotPermitted, SecretUnusable, Unreachable
from stagemail.model.secret import SecretRef
from stagemail.secret.keyring import KeyringStore, build

MEMORY = "tests.contract.keyring_backend.MemoryKeyring"


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    MemoryKeyring.entries.clear()
    yield
    MemoryKeyring.entries.clear()


def ref(key: str = "smtp-qa") -> SecretRef:
    return SecretRef("keyring", key)


def test_an_entry_of_the_service_is_read() -> None:
    MemoryKeyring.entries.update({("stagemail", "smtp-qa"): "one", ("other", "smtp-qa"): "two"})
    assert build({"backend": MEMORY}, Path(), {}).read(ref()).value.reveal() == "one"
    assert build({"backend": MEMORY, "service": "other"}, Path(), {}).read(ref()).value.reveal() == "two"
    with pytest.raises(NotFound) as caught:
        build({"backend": MEMORY}, Path(), {}).read(ref("smtp-production"))
    assert caught.value.hint == "keyring set stagemail smtp-production"


def test_a_locked_keyring_and_none_at_all_are_told_apart() -> None:
    with pytest.raises(NotPermitted, match="locked") as caught:
        build({"backend": f"{LockedKeyring.__module__}.LockedKeyring"}, Path(), {}).read(ref())
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    for backend in ("keyring.backends.fail.Keyring", "no.such.Keyring", "tests.contract.keyring_backend.Nothing"):
        with pytest.raises(SecretUnusable, match="no such keyring"):
            build({"backend": backend}, Path(), {}).read(ref())


def test_a_person_who_does_not_unlock_it_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked = Event()

    def wait(*_: object) -> None:
        unlocked.wait(120)

    monkeypatch.setattr(MemoryKeyring, "get_password", wait)
    with pytest.raises(Unreachable, match="in time"):
        KeyringStore("stagemail", MEMORY, seconds=0.05).read(ref())
    unlocked.set()


@pytest.mark.parametrize("key", ["", "..", "a/b", "a b", "a%2fb", "x" * 256])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        build({"backend": MEMORY}, Path(), {}).read(ref(key))
