"""What every secret store does: the value, or one of a few different errors, each with the next step."""

import base64
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.secret_rigs import RIGS, Rig, ambient, close_servers, env_rig, file_rig

from stagemail.errors import InvalidInput, NotFound, SecretEmpty, SecretUnusable, StagemailError
from stagemail.model.secret import SecretRef

CANARY = "canary-7f3a91"


@pytest.fixture(params=RIGS, ids=lambda make: make.__name__)
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    ambient(monkeypatch, tmp_path)
    made: Rig = request.param(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def _servers() -> Iterator[None]:
    yield
    close_servers()


def ref(rig: Rig, **more: str) -> SecretRef:
    return SecretRef("store", rig.qa, **more)


def refused(rig: Rig, kind: type[StagemailError], wanted: SecretRef) -> StagemailError:
    with pytest.raises(kind) as caught:
        rig.store.read(wanted)
    assert type(caught.value) is kind
    assert caught.value.hint, "an error names the next step"
    return caught.value


def test_the_value_comes_back_masked_and_whole(rig: Rig) -> None:
    rig.put(rig.qa, "p ä$s wörd\t=".encode())
    answer = rig.store.read(ref(rig))
    assert answer.value.reveal() == "p ä$s wörd\t="
    assert "wörd" not in repr(answer)


def test_a_field_is_a_member_of_a_json_object(rig: Rig) -> None:
    rig.put(rig.qa, b'{"password": "one", "other": 2}')
    assert rig.store.read(ref(rig, field="password")).value.reveal() == "one"


def test_without_a_field_the_json_text_itself_is_the_value(rig: Rig) -> None:
    rig.put(rig.qa, b'{"password": "one"}')
    assert rig.store.read(ref(rig)).value.reveal() == '{"password": "one"}'


def test_a_key_that_is_not_there_is_not_found(rig: Rig) -> None:
    assert rig.production in str(refused(rig, NotFound, SecretRef("store", rig.production)))


def test_an_empty_value_is_unusable(rig: Rig) -> None:
    if "empty" in rig.cannot:
        return
    rig.put(rig.qa, b"")
    assert "empty" in str(refused(rig, SecretEmpty, ref(rig)))


def test_what_is_not_text_is_unusable(rig: Rig) -> None:
    if "binary" in rig.cannot:
        return
    rig.put(rig.qa, b"\xff\xfe" + CANARY.encode())
    assert "not text" in str(refused(rig, SecretUnusable, ref(rig)))


def test_64_kib_are_read_and_one_byte_more_is_unusable(rig: Rig) -> None:
    rig.put(rig.qa, b"x" * min(65536, rig.limit))
    assert len(rig.store.read(ref(rig)).value.reveal()) == min(65536, rig.limit)
    if rig.limit <= 65536:
        return  # the store itself holds no more
    rig.put(rig.qa, b"x" * 65537)
    assert "larger than 64 KiB" in str(refused(rig, SecretUnusable, ref(rig)))


def test_a_missing_member_is_not_found_and_its_siblings_are_not_named(rig: Rig) -> None:
    rig.put(rig.qa, f'{{"{CANARY}": "x"}}'.encode())
    assert CANARY not in str(refused(rig, NotFound, ref(rig, field="password")))


@pytest.mark.parametrize(
    "content",
    [
        CANARY,
        f'"{CANARY}"',
        f'["{CANARY}"]',
        f'{{"password": ["{CANARY}"]}}',
        f'{{"{CANARY}',
        "[" * 4000,
        '{"password": 5}',
    ],
)
def test_a_field_of_what_is_no_object_of_texts_is_unusable(rig: Rig, content: str) -> None:
    rig.put(rig.qa, content.encode())
    refused(rig, SecretUnusable, ref(rig, field="password"))


def test_an_empty_member_is_unusable(rig: Rig) -> None:
    rig.put(rig.qa, b'{"password": ""}')
    assert "empty" in str(refused(rig, SecretEmpty, ref(rig, field="password")))


@pytest.mark.parametrize("content", [b'{"x": "%s' % CANARY.encode(), b"\xff" + CANARY.encode()])
def test_no_error_holds_the_value_in_its_text_or_behind_it(rig: Rig, content: bytes) -> None:
    if "binary" in rig.cannot and content[0] > 127:
        return
    rig.put(rig.qa, content)
    with pytest.raises(SecretUnusable) as caught:
        rig.store.read(ref(rig, field="password"))
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_no_log_of_a_library_holds_the_value_even_at_debug(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.put(rig.qa, CANARY.encode())
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        assert rig.store.read(ref(rig)).value.reveal() == CANARY
    encoded = base64.b64encode(CANARY.encode()).decode()
    told = [f"{record.name}: {record.getMessage()} {vars(record)}" for record in caplog.records]
    assert [line[:200] for line in told if CANARY in line or encoded in line] == []


def test_a_version_that_the_store_does_not_have_is_unusable(rig: Rig) -> None:
    rig.put(rig.qa, b"value")
    assert "version 9" in str(refused(rig, SecretUnusable, ref(rig, version="9")))


def test_the_origin_names_the_place_and_the_field_and_no_value(rig: Rig) -> None:
    rig.put(rig.qa, f'{{"password": "{CANARY}"}}'.encode())
    origin = rig.store.origin(ref(rig, field="password"))
    assert rig.qa in origin
    assert "password" in origin
    assert CANARY not in origin


def test_the_origin_of_what_is_not_there_is_still_named(rig: Rig) -> None:
    assert rig.production in rig.store.origin(SecretRef("store", rig.production))


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
    refused(make(tmp_path), InvalidInput, SecretRef("store", key))
