"""Nothing that is committed names a package registry, a download address or a path of somebody's machine."""

import re
import subprocess
import tomllib
from collections.abc import Iterator

import pytest
from tests.packaging.conftest import ROOT

REGISTRIES = re.compile(
    "|".join([r"pypi\.org", r"pythonhosted\.org", r"index-url", r"find-links", r"registry\.npmjs", r"artifactory"])
)
MACHINE = re.compile(r"(?<![\w.$-])/(?:work|home|root|Users|opt)/[\w.-]")
THIS = "tests/packaging/test_traces.py"
MADE_UP = {"/home/ada", "/home/user"}
"""Paths that tests and examples make up."""


def committed() -> Iterator[tuple[str, str]]:
    """Every committed text file that is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("a Git checkout is not installed here")
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and name != THIS and path.is_file():
            yield name, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_registry() -> None:
    assert [f"{name}: {found[0]}" for name, text in committed() for found in REGISTRIES.finditer(text)] == []


def test_no_record_and_no_key_of_one_is_committed() -> None:
    names = [name for name, _ in committed()]
    assert [name for name in names if re.search(r"\.(db|sqlite3?|key)(-\w+)?$", name)] == []


def test_no_file_names_a_path_of_a_machine() -> None:
    found = [
        f"{name}: {text[hit.start() : hit.end() + 20]!r}"
        for name, text in committed()
        for hit in MACHINE.finditer(text)
        if not any(text.startswith(path, hit.start()) for path in MADE_UP)
    ]
    assert found == []


def test_the_constraints_pin_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n")
    wrong = [line for line in lines if line and not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line)]
    assert wrong == []
    assert len(lines) > 30


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[^A-Za-z0-9._-]", name)[0].lower() for group in groups for name in group}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    assert wanted - pinned - {"stagemail"} == set()


@pytest.mark.parametrize("text", ["see /wo" + "rk/main", '"/ho' + 'me/ada/x"', "(/ro" + "ot/x)"])
def test_the_search_finds_a_path_of_a_machine(text: str) -> None:
    assert MACHINE.search(text)
    assert not MACHINE.search("docs/work, https://example.com/home/page and $HOME/opt/x")
