"""JSON stays JSON when credentials are taken out of it, and none of them stays in a text of it."""

import json

import pytest

from stagemail.model.scrub import Scrubber
from stagemail.model.scrub_json import scrub_text
from stagemail.model.secret import Secret


@pytest.mark.parametrize("secret", ["true", "null", "version", '"ready":', "1234", "hunter2-hunter2"])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_parses_whatever_the_credential_is(secret: str, indent: int | None) -> None:
    data = {"version": 1234, "ready": True, "gone": None, "said": [f"bad value {secret}", {"at: 1": secret}]}
    text = json.dumps(data, indent=indent) + "\n"
    clean = scrub_text(text, Scrubber([Secret(secret)]).scrub)
    read = json.loads(clean)
    assert (read["version"], read["ready"], read["gone"]) == (1234, True, None)
    assert secret not in read["said"][0] and "***" in read["said"][0]
    assert read["said"][1] == {"at: 1": "***"}
    assert clean.endswith("\n") and ("\n" in clean.strip()) == bool(indent)


def test_a_key_that_is_no_name_of_ours_is_scrubbed() -> None:
    text = json.dumps({"hunter2-hunter2": 1, "kept": 2})
    assert json.loads(scrub_text(text, Scrubber([Secret("hunter2-hunter2")]).scrub)) == {"***": 1, "kept": 2}


@pytest.mark.parametrize("text", ["{ a true word", "[" * 100_000 + "true", "a true word"])
def test_what_is_no_json_is_scrubbed_as_text(text: str) -> None:
    assert scrub_text(text, Scrubber([Secret("true")]).scrub) == text.replace("true", "***")


def test_what_holds_nothing_known_is_the_same_to_the_byte() -> None:
    text = '{"a":  [1.50, "\\u00fc"]}'
    assert scrub_text(text, Scrubber([Secret("hunter2-hunter2")]).scrub) == text
