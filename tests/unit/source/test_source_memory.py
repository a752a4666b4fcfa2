"""A Source over files in memory: whatever they hold, it answers; what is known is not parsed again."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagemail.document import Document
from stagemail.errors import InvalidInput
from stagemail.model.revision import Loaded
from stagemail.source.memory import MemorySource, MemoryTree
from stagemail.source.operator_file import load_operator
from stagemail.source.source import TreeSource

REPOSITORY = Path(__file__).resolve().parents[3]
OPERATOR = load_operator((REPOSITORY / "stagemail.yaml").read_bytes(), "stagemail.yaml")
SAMPLE = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for path in sorted((REPOSITORY / "environments").rglob("*.yaml"))
}
TODAY = date(2026, 1, 1)


class Remembers:
    """A cache in memory, as the port asks for it."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[Document, ...]] = {}

    def get_many(self, ids: Iterable[str]) -> dict[str, tuple[Document, ...]]:
        return {each: self.known[each] for each in ids if each in self.known}

    def put_many(self, documents: Mapping[str, tuple[Document, ...]]) -> None:
        self.known.update(documents)


class Counting(MemoryTree):
    """Notes which files were read."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.reads: list[str] = []

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        wanted = list(paths)
        self.reads += wanted
        return super().read(wanted)


def test_after_a_change_of_one_file_one_file_is_read() -> None:
    cache = Remembers()

    def load(files: Mapping[str, bytes]) -> tuple[Loaded, list[str]]:
        tree = Counting(files)
        return TreeSource(tree, OPERATOR, checks={}, today=TODAY, cache=cache).load(), tree.reads

    first, reads = load(SAMPLE)
    assert len(reads) == len(SAMPLE)
    changed = {**SAMPLE, "environments/qa/email.yaml": SAMPLE["environments/qa/email.yaml"].replace(b"587", b"2525")}
    second, reads = load(changed)
    assert reads == ["environments/qa/email.yaml"]
    assert second.stages["production"] == first.stages["production"]
    assert second.stages == MemorySource(changed, OPERATOR, today=TODAY).load().stages


def test_equal_files_in_two_stages_keep_their_own_places() -> None:
    data = SAMPLE["environments/production/email.yaml"]
    files = {**SAMPLE, "environments/qa/email.yaml": data, "environments/production/email.yaml": data}
    cache = Remembers()
    for _ in range(2):
        loaded = TreeSource(MemoryTree(files), OPERATOR, checks={}, today=TODAY, cache=cache).load()
        for stage in ("qa", "production"):
            configuration = loaded.stages[stage].configuration
            assert configuration is not None
            assert configuration.place.path == f"environments/{stage}/email.yaml"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"name: Example QA", b'name: "Example\\r\\nBcc: a@evil.example"', "control-character"),
        (b"no-reply@qa.example.com", b'"x@evil.example <a@good.example>"', "bad-address"),
        (b"smtp.example.com", "smtp.ex\u0430mple.com".encode(), "confusable-name"),
        (b"qa@example.com", "qa@ex\u0430mple.com".encode(), "confusable-name"),
        (b"no-reply@qa", "no-r\u0435ply@qa".encode(), "confusable-name"),
        (b"mailer@", "mail\u0435r@".encode(), "confusable-name"),
        (b"metadata", "met\u0430data".encode(), None),
        (b"apiVersion", b"\xef\xbb\xbfapiVersion", None),
        (b"  server", b"\tserver", None),
        (b"587", b"\x00", None),
        (b"587", b"0465", None),
        (b"587", b"587.0", None),
        (b"starttls", b"on", None),
    ],
)
def test_bad_input_blocks_its_stage_with_a_line_and_leaves_the_others(old: bytes, new: bytes, code: str | None) -> None:
    path = "environments/qa/email.yaml"
    assert old in SAMPLE[path]
    loaded = MemorySource({**SAMPLE, path: SAMPLE[path].replace(old, new)}, OPERATOR, today=TODAY).load()
    assert set(loaded.blocked) == {"qa"}
    assert {problem.location.path for problem in loaded.problems} == {path}
    assert all(problem.location.line for problem in loaded.problems)
    assert code is None or code in {problem.code for problem in loaded.problems}


LINES = [line for data in SAMPLE.values() for line in data.decode().splitlines(keepends=True)]
ODD = [
    '"\\ud800": x\n', '"\\x00"\n', "? [a]\n: b\n", "- x\n", "  " * 60 + "a: b\n", "a: " + "[" * 60, "9" * 400 + "\n",
    "{", "\t", "*x", "<<: {}\n", "~\n",
]  # fmt: skip
FRAGMENTS = st.sampled_from(LINES + ODD)


@given(st.lists(FRAGMENTS, max_size=25).map("".join) | st.text(max_size=200))
@settings(max_examples=250, deadline=None)
def test_whatever_a_file_holds_only_its_own_stage_is_touched(text: str) -> None:
    files = {**SAMPLE, "environments/qa/x.yaml": text.encode("utf-8", "surrogatepass")}
    loaded = MemorySource(files, OPERATOR, today=TODAY).load()
    assert set(loaded.blocked) <= {"qa"}
    assert all(p.location.path.startswith("environments/qa/") for p in loaded.problems if p.severity == "error")


@given(st.dictionaries(st.sampled_from(sorted(SAMPLE)), st.binary(max_size=60), min_size=1))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_are_an_answer_or_invalid_input(files: dict[str, bytes]) -> None:
    try:
        MemorySource(files, OPERATOR, today=TODAY).load()
    except InvalidInput as error:
        assert "removed" in error.message
