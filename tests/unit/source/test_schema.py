"""Both validators and the models agree, nothing is fetched, and what is wrong is said in words."""

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stagemail.document import read
from stagemail.model.location import Place
from stagemail.resources.schemas import KINDS
from stagemail.source import schema
from stagemail.source.explain import explain
from stagemail.source.schema import is_valid, plain

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROOT = Place("x.yaml")


def documents(folder: str) -> list[Any]:
    return [
        plain(document.value)
        for path in sorted((EXAMPLES / folder).glob("*.yaml"))
        for document in read(path.read_bytes(), path.name)[0]
    ]


GOOD = documents("valid")


def model_takes(value: Any) -> bool:
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        return False
    try:
        KINDS[kind].model_validate(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("value", GOOD)
def test_a_valid_example_is_valid_for_both_validators_and_the_model(value: Any) -> None:
    assert is_valid(value)
    assert explain(value, ROOT) == []
    assert model_takes(value)


@pytest.mark.parametrize("value", documents("invalid"))
def test_both_validators_and_the_model_agree_on_every_invalid_example(value: Any) -> None:
    assert is_valid(value) is (explain(value, ROOT) == [])
    if not is_valid(value):
        assert not model_takes(value)


TRICKY = (
    "", "a", "none", "basic", "oauth2", "set-in-app", "test-list", "Waiver", "x@example.com", "x@y", "a\n", "a\r\nb",
    "10.0.0.1", "2026-02-30", "2026-12-31", "20261231", "https://a.example/t", "http://a.example", "ü.example", "Ü",
    "-a", "50%", "0%", "101%", "0.5",
    "A" * 129, "*", "sqlite:///a\n", "1h30m", "0s", "h", "\u2028", "\x85", "a-", "env", "<a>", "\U0001f600", "0s\n",
    "smtp.example.com\n",
)  # fmt: skip
TEXTS = st.sampled_from(TRICKY) | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 70000) | st.sampled_from([0.5, 1.5]) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, member in members for place in places(member, (*path, name)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    root = {"": copy.deepcopy(draw(st.sampled_from(GOOD)))}
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from([("", *place) for place in places(root[""])]))
        node: Any = root
        for step in path:
            node = node[step]
        action = draw(st.sampled_from(["replace", "remove", "add", "double"]))
        target = node[last]
        if action == "remove" and path:
            del node[last]
        elif action == "add" and isinstance(target, dict):
            target[draw(TEXTS)] = draw(VALUES)
        elif action == "double" and isinstance(target, list) and target:
            target.append(copy.deepcopy(target[0]))
        else:
            node[last] = draw(VALUES)
    return root[""]


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_both_validators_and_the_models_agree_on_every_mutation(value: Any) -> None:
    valid = is_valid(value)
    assert valid is (explain(value, ROOT) == [])
    if valid and value["kind"] == "Operator":
        return  # types of plugins are open in the schema, and their own models judge them
    assert model_takes(value) is valid


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_every_finding_says_what_to_write_and_nothing_that_a_terminal_would_obey(value: Any) -> None:
    for finding in explain(value, ROOT):
        assert finding.remedy
        assert finding.message.isprintable()


def test_what_stands_in_a_secret_field_is_never_shown() -> None:
    for written in (
        "hunter2",
        4711,
        ["hunter2"],
        {"secretRef": "hunter2"},
        {"hunter2": "hunter2"},
        {"secretRef": {"store": "hunter2!"}},
    ):
        value = copy.deepcopy(
            next(each for each in GOOD if each.get("spec", {}).get("authentication", {}).get("type") == "basic")
        )
        value["spec"]["authentication"]["password"] = written
        text = " ".join(f"{f.message} {f.remedy}" for f in explain(value, ROOT))
        assert text
        assert "hunter2" not in text
        assert "4711" not in text


@pytest.mark.parametrize(
    "value", [None, [], "text", 7, {}, {"kind": []}, {"kind": "Nothing"}, {"apiVersion": None, "kind": "Waiver"}]
)
def test_a_document_that_is_no_document_is_explained(value: Any) -> None:
    assert not is_valid(value)
    assert explain(value, ROOT)


def test_a_remote_reference_is_refused_without_asking_the_network() -> None:
    with pytest.raises((ValueError, jsonschema_rs.ReferencingError)):
        jsonschema_rs.Draft202012Validator({"$ref": "http://127.0.0.1:9/schema.json"}, retriever=schema._deny)


def test_judging_good_documents_loads_neither_pydantic_nor_the_explainer() -> None:
    code = (
        "import sys; from stagemail.source.schema import is_valid; is_valid({});"
        "print([m for m in ('pydantic', 'jsonschema', 'stagemail.source.explain') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("spec", "server", "port"), "587", "write 587 without quotes"),
        (("spec", "server", "port"), None, "is empty"),
        (("spec", "server", "port"), 0, "from 1 to 65535"),
        (("spec", "server", "security"), "startls", "did you mean `starttls`?"),
        (("spec", "server", "Port"), 1, "did you mean `port`?"),
        (("metadata", "name"), "Corporate Relay", "lower-case letters"),
        (("metadata", "name"), 7, 'in quotes: `"7"`'),
        (("spec", "stages"), "qa", "as a list"),
        (("spec", "recipients"), {"mode": "test-list"}, "`testList` is missing"),
        (("spec", "recipients"), {"mode": "set-in-app", "testList": []}, "belongs to `mode: test-list`"),
        (("spec", "recipients"), {"mode": "test-list", "testList": []}, "at least 1"),
        (("spec", "authentication"), {"type": "basik"}, "did you mean `basic`?"),
        (("spec", "authentication"), {"username": "x"}, "`type` is missing"),
    ],
)
def test_the_message_says_what_to_write_instead(path: tuple[str, ...], value: Any, words: str) -> None:
    document = copy.deepcopy(next(each for each in GOOD if each["kind"] == "EmailConfiguration"))
    node = document
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    assert words in " ".join(f"{f.message} {f.remedy}" for f in explain(document, ROOT))
