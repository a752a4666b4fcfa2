"""One suite for every Source: files in memory, a working tree outside Git, a clean checkout, and a revision."""

import subprocess
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from stagemail import git
from stagemail.errors import InvalidInput
from stagemail.model import email
from stagemail.model.location import Place
from stagemail.ports import Source
from stagemail.resources.operator import Operator
from stagemail.source.assemble_fields import place_of
from stagemail.source.cache import NullCache
from stagemail.source.memory import MemorySource
from stagemail.source.operator_file import load_operator
from stagemail.source.revision_tree import RevisionTree
from stagemail.source.source import TreeSource
from stagemail.source.working_tree import WorkingTree

REPOSITORY = Path(__file__).resolve().parents[2]
TODAY = date(2026, 1, 1)
SAMPLE = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for path in sorted((REPOSITORY / "environments").rglob("*.yaml"))
}
Make = Callable[[Mapping[str, bytes]], Source]


@pytest.fixture(scope="module", name="operator")
def _operator() -> Operator:
    return load_operator((REPOSITORY / "stagemail.yaml").read_bytes(), "stagemail.yaml")


@pytest.fixture(name="make", params=["memory", "folder", "checkout", "revision"])
def _make(request: pytest.FixtureRequest, tmp_path: Path, operator: Operator) -> Make:
    def make(files: Mapping[str, bytes]) -> Source:
        if request.param == "memory":
            return MemorySource(files, operator, today=TODAY)
        for path, data in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data)
        if request.param != "folder":
            commit(tmp_path)
        if request.param == "revision":
            repository = git.discover(tmp_path)
            assert repository is not None
            tree: RevisionTree | WorkingTree = RevisionTree(repository, "HEAD", operator.folders())
        else:
            tree = WorkingTree(tmp_path, operator.folders())
        return TreeSource(tree, operator, checks={}, today=TODAY, cache=NullCache())

    return make


def commit(folder: Path) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        [*identity, "commit", "-q", "--allow-empty", "-m", "Begin"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True, timeout=60)


def test_the_sample_loads_without_a_problem_and_covers_every_stage(make: Make) -> None:
    loaded = make(SAMPLE).load()
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.blocked == {}
    assert sorted(loaded.stages) == ["development", "production", "qa"]
    assert (loaded.files, loaded.documents) == (6, 8)
    assert loaded.revision.dirty == ()


def test_the_same_files_give_the_same_stages_everywhere(make: Make, operator: Operator) -> None:
    assert make(SAMPLE).load().stages == MemorySource(SAMPLE, operator, today=TODAY).load().stages


def test_the_revision_is_named(make: Make) -> None:
    source = make(SAMPLE)
    assert source.revision() == source.load().revision
    assert source.revision().id


def test_every_field_has_a_line(make: Make) -> None:
    source = make(SAMPLE)
    configuration = source.load().stages["qa"].configuration
    assert configuration is not None
    path = "environments/qa/email.yaml"
    assert str(source.locate(place_of(configuration, email.PORT))) == f"{path}:7:36"
    assert str(source.locate(place_of(configuration, email.PASSWORD))) == f"{path}:11:5"
    assert str(source.locate(Place("environments/qa/nowhere.yaml"))) == "environments/qa/nowhere.yaml"


def test_who_changed_a_line_is_known_in_git_only(make: Make, request: pytest.FixtureRequest) -> None:
    source = make(SAMPLE)
    commit = source.changed_by(source.locate(Place("environments/qa/email.yaml", 0, ("spec", "server"))))
    in_git = request.node.callspec.params["make"] in {"checkout", "revision"}
    assert (commit.subject if commit else None) == ("Begin" if in_git else None)


def test_problems_of_all_files_come_sorted_and_block_their_own_stages(make: Make) -> None:
    files = {
        **SAMPLE,
        "environments/qa/apps.yaml": b"a: on\nb: [\n",
        "environments/production/x.yaml": b"kind: Waver\n",
    }
    loaded = make(files).load()
    assert list(loaded.problems) == sorted(loaded.problems)
    assert {problem.location.path for problem in loaded.problems} == {
        "environments/qa/apps.yaml", "environments/production/x.yaml",
    }  # fmt: skip
    assert set(loaded.blocked) == {"qa", "production"}
    assert loaded.stages["development"].configuration is not None


@pytest.mark.parametrize(
    "files",
    [{}, {"README.md": b"x"}, {"environments/qa/a.yaml": b"\x00\xff"}, {"environments/qa/a.yaml": b"a: " + b"[" * 600}],
    ids=["empty", "no YAML", "not text", "600 deep"],
)
def test_a_repository_without_anything_usable_is_an_error(make: Make, files: dict[str, bytes]) -> None:
    with pytest.raises(InvalidInput, match="removed"):
        make(files).load()


def test_a_huge_integer_and_nul_bytes_are_problems_with_lines(make: Make) -> None:
    files = {**SAMPLE, "environments/qa/x.yaml": b"port: " + b"9" * 5000, "environments/qa/y.yaml": b"a: b\n\x00"}
    loaded = make(files).load()
    assert {problem.location.path for problem in loaded.problems} == {
        "environments/qa/x.yaml",
        "environments/qa/y.yaml",
    }
    assert all(problem.location.line for problem in loaded.problems)
    assert set(loaded.blocked) == {"qa"}


def test_loading_twice_gives_the_same(make: Make) -> None:
    source = make(SAMPLE)
    assert source.load() == source.load()
