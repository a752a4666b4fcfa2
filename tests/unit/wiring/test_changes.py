"""Who last changed what a stage rests on, in a real repository."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.git.repositories import run_git  # noqa: F401 - a fixture

from stagemail.wiring.changes import changes_of
from stagemail.wiring.installation import Installation
from stagemail.wiring.opening import open_installation

OPERATOR = """\
apiVersion: stagemail/v1
kind: Operator
targets:
  odc: {type: odc, domain: a.example, credentials: {clientId: c, clientSecret: {secretRef: {store: env, key: X}}}}
stages:
  qa: {target: odc, environment: QA, purpose: non-production, folders: [environments/qa, environments/shared]}
  uat: {target: odc, environment: UAT, purpose: non-production, folders: [environments/uat, environments/shared]}
  production: {target: odc, environment: P, purpose: production}
secretStores: {env: {type: env}}
"""


@pytest.fixture
def commit(tmp_path: Path, run_git: Callable[..., str]) -> Callable[[str], str]:  # noqa: F811 - the fixture
    """Change a file of a repository and commit it; the subject is the file's path."""
    root = tmp_path / "clone"
    root.mkdir()
    run_git(root, "init", "--quiet", "--template=", "--initial-branch=main")

    def write(path: str) -> str:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = target.read_text(encoding="utf-8") if target.exists() else ""
        target.write_text(OPERATOR if path == "stagemail.yaml" and not text else f"{text}# more\n", encoding="utf-8")
        run_git(root, "add", ".")
        run_git(root, "commit", "--quiet", "-m", path)
        return run_git(root, "rev-parse", "HEAD")

    write("stagemail.yaml")
    return write


def opened(root: Path) -> Installation:
    return open_installation(None, root)


def test_the_newest_commits_of_documents_operator_file_and_mapping(
    tmp_path: Path, commit: Callable[[str], str]
) -> None:
    for path in ("environments/qa/a.yaml", "environments/production/a.yaml", "odc-mapping.yaml", "README.md"):
        head = commit(path)
    root = tmp_path / "clone"
    found = changes_of(opened(root), root, "qa", head)
    assert [each.subject for each in found.everything] == [
        "odc-mapping.yaml", "environments/qa/a.yaml", "stagemail.yaml",
    ]  # fmt: skip
    assert [each.subject for each in found.documents] == ["environments/qa/a.yaml"]
    assert found.also == ()


def test_a_shared_document_concerns_the_other_stage_too(tmp_path: Path, commit: Callable[[str], str]) -> None:
    commit("environments/qa/a.yaml")
    commit("environments/shared/a.yaml")
    root = tmp_path / "clone"
    assert changes_of(opened(root), root, "qa", "working-tree").also == ("uat",)
    assert changes_of(opened(root), root, "production", "working-tree").documents == ()


def test_outside_git_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "stagemail.yaml").write_text(OPERATOR, encoding="utf-8")
    assert changes_of(opened(tmp_path), tmp_path, "qa", "working-tree").everything == ()
