"""What every secret store does: the value, or one of a few different errors, each with the next step."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stagemail.errors import InvalidInput, NotFound, SecretEmpty, SecretUnusable, StagemailError
from stagemail.model.secret import SecretRef
from stagemail.ports import SecretStore
from stagemail.secret import env, file
from stagemail.secret.memory import MemoryStore

CANARY = "canary-7f3a91"


@dataclass(frozen=True)
class Rig:
    """A store, and how a test puts a value into it."""

    store: SecretStore
    put: Callable[[str, bytes], object]


def env_rig(tmp_path: Path) -> Rig:
    environ: dict[str, str] = {}
    store = env.build({}, tmp_path, environ)
    return Rig(store, lambda key, data: environ.update({f"STAGEMAIL_{key}": data.decode(errors="surrogateescape")}))


def file_rig(tmp_path: Path) -> Rig:
    store = file.build({"path": "secrets"}, tmp_path, {})
    (tmp_path / "secrets").mkdir()
    return Rig(store, lambda key, data: (tmp_path / "secrets" / key).write_bytes(data))


def memory_rig(tmp_path: Path) -> Rig:
    store = MemoryStore()
    return Rig(store, store.put)


@pytest.fixture(params=[env_rig, file_rig, memory_rig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    made: Rig = request.param(tmp_path)
    return made


def ref(key: str = "SMTP_QA", **more: str) -> SecretRef:
    return SecretRef("store", key, **more)


def refused(rig: Rig, kind: type[StagemailError], wanted: SecretRef) -> StagemailError:
    with pytest.raises(kind) as caught:
        rig.store.read(wanted)
    assert type(caught.value) is kind
    assert caught.value.hint, "an error names the next step"
    return caught.value


def test_the_value_comes_back_masked_and_whole(rig: Rig) -> None:
    rig.put("SMTP_QA", "p ä$s wörd\t=".encode())
    answer = rig.store.read(ref())
    assert answer.value.reveal() == "p ä$s wörd\t="
    assert "wörd" not in repr(answer)


def test_a_field_is_a_member_of_a_json_object(rig: Rig) -> None:
    rig.put("SMTP_QA", b'{"password": "one", "other": 2}')
    assert rig.store.read(ref(field="password")).value.reveal() == "one"


def test_without_a_field_the_json_text_itself_is_the_value(rig: Rig) -> None:
    rig.put("SMTP_QA", b'{"password": "one"}')
    assert rig.store.read(ref()).value.reveal() == '{"password": "one"}'


def test_a_key_that_is_not_there_is_not_found(rig: Rig) -> None:
    assert "SMTP_PROD" in str(refused(rig, NotFound, ref("SMTP_PROD")))


def test_an_empty_value_is_unusable(rig: Rig) -> None:
    rig.put("SMTP_QA", b"")
    assert "empty" in str(refused(rig, SecretEmpty, ref()))


def test_what_is_not_text_is_unusable(rig: Rig) -> None:
    rig.put("SMTP_QA", b"\xff\xfe" + CANARY.encode())
    assert "not text" in str(refused(rig, SecretUnusable, ref()))


def test_64_kib_are_read_and_one_byte_more_is_unusable(rig: Rig) -> None:
    rig.put("SMTP_QA", b"x" * 65536)
    assert len(rig.store.read(ref()).value.reveal()) == 65536
    rig.put("SMTP_QA", b"x" * 65537)
    assert "larger than 64 KiB" in str(refused(rig, SecretUnusable, ref()))


def test_a_missing_member_is_not_found_and_its_siblings_are_not_named(rig: Rig) -> None:
    rig.put("SMTP_QA", f'{{"{CANARY}": "x"}}'.encode())
    assert CANARY not in str(refused(rig, NotFound, ref(field="password")))


@pytest.mark.parametrize(
    "content",
    [
        CANARY,
        f'"{CANARY}"',
        f'["{CANARY}"]',
        f'{{"password": ["{CANARY}"]}}',
        f'{{"{CANARY}',
        "[" * 60000,
        '{"password": 5}',
    ],
)
def test_a_field_of_what_is_no_object_of_texts_is_unusable(rig: Rig, content: str) -> None:
    rig.put("SMTP_QA", content.encode())
    refused(rig, SecretUnusable, ref(field="password"))


def test_an_empty_member_is_unusable(rig: Rig) -> None:
    rig.put("SMTP_QA", b'{"password": ""}')
    assert "empty" in str(refused(rig, SecretEmpty, ref(field="password")))


@pytest.mark.parametrize("content", [b'{"x": "%s' % CANARY.encode(), b"\xff" + CANARY.encode()])
def test_no_error_holds_the_value_in_its_text_or_behind_it(rig: Rig, content: bytes) -> None:
    rig.put("SMTP_QA", content)
    with pytest.raises(SecretUnusable) as caught:
        rig.store.read(ref(field="password"))
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_version_that_the_store_does_not_have_is_unusable(rig: Rig) -> None:
    rig.put("SMTP_QA", b"value")
    assert "version 9" in str(refused(rig, SecretUnusable, ref(version="9")))


def test_the_origin_names_the_place_and_the_field_and_no_value(rig: Rig) -> None:
    rig.put("SMTP_QA", f'{{"password": "{CANARY}"}}'.encode())
    origin = rig.store.origin(ref(field="password"))
    assert "SMTP_QA" in origin
    assert "password" in origin
    assert CANARY not in origin


def test_the_origin_of_what_is_not_there_is_still_named(rig: Rig) -> None:
    assert "SMTP_PROD" in rig.store.origin(ref("SMTP_PROD"))


@pytest.mark.parametrize("make", [env_rig, file_rig])
@pytest.mark.parametrize(
    "key",
    [
        "",
        "..",
        ".",
        "../x",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "a\\b",
        "a%2fb",
        "a%2Fb",
        "A\0B",
        "a\nb",
        "A B",
        "é",
        "x" * 300,
    ],
)
def test_a_key_that_could_mean_another_place_is_refused(make: Callable[[Path], Rig], tmp_path: Path, key: str) -> None:
    refused(make(tmp_path), InvalidInput, ref(key))
