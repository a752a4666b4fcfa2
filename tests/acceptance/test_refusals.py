"""Bad input, end to end: nothing is written anywhere, the exit code says so, and the words say what to do."""

import shutil
from pathlib import Path

import pytest
from tests.acceptance.bench import Bench

EVERYTHING = ("validate", "plan", "apply", "drift")


def refuses(bench: Bench, *arguments: str, cwd: Path | None = None, code: int = 1) -> str:
    """The command fails in words, and nothing reached the platform."""
    before = bench.mark()
    said = bench.run(*arguments, expect=None, cwd=cwd)
    assert said.code == code, f"{arguments}: {said}"
    assert said.err.strip() or said.out.strip()
    assert bench.platform.ledger()[before:] == []
    return said.text


def test_an_uncommitted_change_is_not_applied(bench: Bench) -> None:
    bench.change("environments/qa/email.yaml", "port: 587", "port: 2587", commit=False)
    said = refuses(bench, "apply", "qa", code=2)
    assert "environments/qa/email.yaml" in said
    assert "commit first" in said
    bench.run("plan", "qa").shows("2587")
    bench.run("apply", "qa", "--allow-dirty").shows("qa: read back equal")
    assert bench.platform.live("QA", "CRM")["port"] == "2587"


def test_an_untracked_document_is_not_applied(bench: Bench) -> None:
    bench.write("environments/qa/more.yaml", bench.read("environments/qa/apps.yaml"), commit=False)
    assert "environments/qa/more.yaml" in refuses(bench, "apply", "qa", code=2)


def test_an_uncommitted_operator_file_is_not_applied(bench: Bench) -> None:
    bench.change("stagemail.yaml", "selfHeal: recipients", "selfHeal: all", commit=False)
    assert "stagemail.yaml" in refuses(bench, "apply", "qa", code=2)


def test_another_revision_is_read_without_a_checkout(applied: Bench) -> None:
    old = applied.git("rev-parse", "HEAD")
    applied.change("environments/qa/email.yaml", "port: 587", "port: 2587")
    applied.change("environments/qa/email.yaml", "port: 2587", "port: 2588", commit=False)
    applied.run("plan", "qa", "--revision", "HEAD", "--detailed-exitcode", expect=3).shows("587 → 2587").hides("2588")
    applied.run("plan", "qa", "--revision", old, "--detailed-exitcode")
    applied.git("tag", "v1", old)
    applied.run("explain", "qa", "--revision", "v1").shows("server.port 587")
    applied.run("apply", "qa", "--revision", "main").shows("qa: read back equal")
    assert applied.platform.live("QA", "CRM")["port"] == "2587"
    assert applied.git("status", "--porcelain") == "M environments/qa/email.yaml"


@pytest.mark.parametrize("revision", ["-x", "--upload-pack=touch pwned", "nowhere", "HEAD~99", "a..b", "", "@{-1}"])
def test_a_revision_that_is_none_is_refused(bench: Bench, revision: str) -> None:
    for verb in ("plan", "apply", "drift", "explain"):
        arguments = (verb, "qa", f"--revision={revision}")
        said = bench.run(*arguments, expect=None)
        assert said.code in (1, 2), (arguments, said)
    assert bench.platform.ledger() == []
    assert not (bench.repository / "pwned").exists()


@pytest.mark.parametrize("branch", ["--upload-pack=touch pwned", "-x"])
def test_an_argument_that_starts_with_a_dash_is_no_option_of_git(bench: Bench, branch: str) -> None:
    for verb in ("validate", "plan", "apply", "status", "history", "secrets"):
        assert bench.run(verb, branch, expect=None).code == 2
    bench.run("plan", "--", branch, expect=2).shows("known stages")
    assert not (bench.repository / "pwned").exists()


def test_an_empty_repository_is_refused(bench: Bench) -> None:
    shutil.rmtree(bench.repository / "environments")
    bench.commit()
    for verb in EVERYTHING:
        refuses(bench, verb)


def test_a_repository_without_a_commit_is_refused_by_apply(bench: Bench) -> None:
    shutil.rmtree(bench.repository / ".git")
    bench.git("init", "--quiet", "--initial-branch", "main")
    assert "commit" in refuses(bench, "apply", code=2)
    refuses(bench, "plan", "--revision", "main")


def test_outside_git_apply_is_refused(bench: Bench) -> None:
    shutil.rmtree(bench.repository / ".git")
    said = bench.run("apply", "qa", expect=None)
    assert said.code in (1, 2), said
    said.shows("Git")
    assert bench.platform.ledger() == []
    bench.run("validate")


def test_an_empty_stage_is_kept_as_it_is(applied: Bench) -> None:
    for file in ("email.yaml", "apps.yaml"):
        (applied.repository / "environments/qa" / file).unlink()
    (applied.repository / "environments/shared/apps.yaml").unlink()
    applied.commit("Lose QA")
    refuses(applied, "apply", "qa")


def test_files_that_are_all_broken_are_refused(bench: Bench) -> None:
    for path in sorted((bench.repository / "environments").rglob("*.yaml")):
        path.write_text("spec: [unclosed\n\x00", encoding="utf-8")
    bench.commit("Break all")
    for verb in EVERYTHING:
        refuses(bench, verb)


def test_one_broken_file_stops_its_stage_only(bench: Bench) -> None:
    bench.change("environments/qa/email.yaml", "port: 587", "port: 587.0")
    said = bench.run("apply", expect=5)
    said.shows("environments/qa/email.yaml:7:42", "production: read back equal")
    assert {row["stage"] for row in bench.ledger()} == {"Development", "Production"}


@pytest.mark.parametrize("path", ["nowhere", "stagemail.yaml", "environments/nowhere", "/dev/null", "."])
def test_a_wrong_path_is_refused(bench: Bench, path: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for verb in (("validate", path), ("plan", "--root", path), ("apply", "--root", path)):
        said = bench.run(*verb, expect=None, cwd=empty)
        assert said.code in (1, 2), (verb, said)
        assert said.err.strip()


def test_a_folder_above_all_is_refused(bench: Bench) -> None:
    assert "operator file" in refuses(bench, "plan", "--root", "/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kind: Operator\n",
        "apiVersion: stagemail/v1\nkind: Operator\nstages: {}\n",
        "\x00",
        "a: [",
        "- 1\n",
        "\ufeff{}",
    ],
)
def test_a_broken_operator_file_is_refused(bench: Bench, text: str) -> None:
    bench.write("stagemail.yaml", text)
    for verb in (*EVERYTHING, "status", "history", "doctor"):
        assert "stagemail.yaml" in refuses(bench, verb)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("port: 587", "prot: 587", "port"),
        ("port: 587", "port: 0465", "465"),
        ("port: 587", f"port: {'9' * 5000}", "email.yaml:7"),
        ("port: 587, ", "", "port: 587"),
        ("no-reply@qa.example.com", '"x@evil.example <a@good.example>"', "email.yaml:12"),
        ("name: Example QA", 'name: "Bcc\\r\\nx: y"', "email.yaml:12"),
        ("host: smtp.example.com", "host: smtp.exаmple.com", "email.yaml:7"),
        ("type: basic", "type: basic\n\tx: 1", "email.yaml"),
        ("store: env", "store: evn", "env"),
        ("apiVersion", "a: &a [1]\nb: *a\napiVersion", "email.yaml"),
        ("spec:", f"x: {'[' * 600}{']' * 600}\nspec:", "email.yaml"),
    ],
)
def test_a_bad_document_is_named_by_validate_plan_and_apply(bench: Bench, old: str, new: str, told: str) -> None:
    bench.change("environments/qa/email.yaml", old, new)
    for verb in (("validate",), ("plan", "qa"), ("apply", "qa")):
        assert told in refuses(bench, *verb)


def test_a_huge_file_is_refused_in_no_time(bench: Bench) -> None:
    with (bench.repository / "environments/qa/huge.yaml").open("wb") as file:
        file.truncate(2_000_000_000)
    assert "huge.yaml" in refuses(bench, "validate")
    refuses(bench, "plan", "qa")


def test_a_link_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("password: of-somebody-else", encoding="utf-8")
    (bench.repository / "environments/qa/link.yaml").symlink_to(tmp_path / "outside.yaml")
    assert "of-somebody-else" not in refuses(bench, "validate")


def test_init_in_an_empty_folder_is_clean_and_never_overwrites(bench: Bench, tmp_path: Path) -> None:
    empty = tmp_path / "new"
    empty.mkdir()
    bench.run("init", cwd=empty).shows("wrote stagemail.yaml", "target discover --write")
    bench.run("validate", cwd=empty).shows("stages: development, production, qa")
    bench.run("init", cwd=empty, expect=2).shows("already there")
    bench.run("init", "--stage", "qa=QA", cwd=tmp_path, expect=2).shows("NAME=ENVIRONMENT:PURPOSE")
    bench.run("init", "one", "--stage", "qa=My QA:non-production", "--domain", "acme.outsystems.dev", cwd=tmp_path)
    bench.run("validate", "one", cwd=tmp_path).shows("stages: qa")
