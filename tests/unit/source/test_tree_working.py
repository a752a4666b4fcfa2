"""The files of a working tree."""

from pathlib import Path

from stagemail.source.working_tree import NOT_IN_GIT, WorkingTree


def test_a_folder_outside_git_is_a_working_tree_without_a_revision(tmp_path: Path) -> None:
    (tmp_path / "environments" / "qa").mkdir(parents=True)
    (tmp_path / "environments" / "qa" / "email.yaml").write_bytes(b"a: 1\n")
    tree = WorkingTree(tmp_path, ["environments"])
    assert tree.revision().id == NOT_IN_GIT
    assert [entry.path for entry in tree.entries()] == ["environments/qa/email.yaml"]
    assert tree.read(["environments/qa/email.yaml"]) == {"environments/qa/email.yaml": b"a: 1\n"}
