"""Nothing that a repository says, and nothing in the caller's environment, starts a program or redirects Git."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.unit.git.repositories import GitRun

from stagemail import git
from stagemail.errors import NotPermitted, StagemailError, UsageError, UserMustFix
from stagemail.git.command import Command, check_version

NOBODY = 65534


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark when it is started."""
    program = tmp_path / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def booby(clone: Path, run_git: GitRun, trap: Path) -> Iterator[Path]:
    """A clone whose configuration, attributes and hooks start the trap wherever Git would let them."""
    (clone / ".gitattributes").write_text("*.yaml filter=evil diff=evil merge=evil\n*.yml filter=lfs\n")
    (clone / "environments/qa/c.yml").write_text("c: 1\n")
    run_git(clone, "add", ".")
    run_git(clone, "commit", "--quiet", "-m", "Attributes")
    for name, value in {
        "filter.evil.clean": trap, "filter.evil.smudge": trap, "filter.evil.required": "true",
        "filter.lfs.process": trap, "filter.lfs.required": "true",
        "diff.evil.textconv": trap, "diff.evil.command": trap, "diff.external": trap,
        "core.fsmonitor": trap, "core.pager": trap, "core.sshCommand": trap, "core.askPass": trap,
        "core.editor": trap, "core.hooksPath": clone / "hooks", "core.gitProxy": trap, "credential.helper": f"!{trap}",
        "gpg.program": trap, "log.showSignature": "true", "alias.log": f"!{trap}", "alias.status": f"!{trap}",
        "protocol.ext.allow": "always", "remote.origin.url": f"ext::{trap}", "remote.origin.uploadpack": trap,
        "remote.origin.promisor": "true", "core.alternateRefsCommand": trap, "pager.log": trap, "pager.blame": trap,
        "uploadpack.packObjectsHook": trap, "url.ext::.insteadOf": "https://",
    }.items():  # fmt: skip
        run_git(clone, "config", name, str(value))
    for folder in (clone / "hooks", clone / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("post-checkout", "fsmonitor-watchman", "reference-transaction", "post-index-change"):
            (folder / hook).write_bytes(trap.read_bytes())
            (folder / hook).chmod(0o755)
    yield clone
    assert not (clone.parent / "sprung").exists(), "a program of the repository was started"


def test_no_verb_starts_a_program_that_the_repository_names(booby: Path) -> None:
    (booby / "environments/qa/a.yaml").write_bytes(b"a: 1\nb: 5\n")
    (booby / "environments/qa/b.yaml").touch()
    (booby / "environments/qa/c.yml").write_bytes(b"c: 2\n")
    repository = git.open_repository(booby)
    head = git.resolve(repository, "HEAD")
    assert "environments/qa/a.yaml" in git.status(repository, []).changed
    assert len(git.index(repository, [])) == 5
    entries = git.tree(repository, head, ["environments"])
    assert len(git.read_blobs(repository, {e.id: e.size for e in entries}, 1000)) == 3
    assert git.changed(repository, git.resolve(repository, "HEAD~1"), head)
    assert git.commit(repository, head).subject == "Attributes"
    assert git.log(repository, head, ["environments"], 5)
    assert git.blame(repository, "environments/qa/a.yaml", 1, head)
    assert git.blame(repository, "environments/qa/a.yaml", 1, None)
    with pytest.raises(UserMustFix):
        git.read_blobs(repository, {"1" * 40: 1}, 1000)


def test_the_trap_would_spring_with_plain_git(clone: Path, run_git: GitRun, trap: Path, tmp_path: Path) -> None:
    (clone / ".gitattributes").write_text("*.yaml filter=evil\n")
    run_git(clone, "config", "filter.evil.clean", str(trap))
    (clone / "environments/qa/a.yaml").write_bytes(b"a: 5\n")
    run_git(clone, "status")
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "url",
    [
        "", "-x", "--upload-pack=touch x", "ext::sh -c touch% x", "fd::17", "a\0b", "https://host/a\nb",
        "http://host/x", "git://host/x", "ftp://host/x", "file:///tmp", "/tmp/x", "./x", "../x", "\\\\host\\x",
        "https://-oProxyCommand=x/y", "ssh://-oProxyCommand=x/y", "-u@host:path", "ssh://-x@host/y", "https://[::1",
    ],
)  # fmt: skip
def test_urls_that_could_start_something_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        git.mirror(url, tmp_path / "mirror", branch=None, access=git.Access())
    assert not (tmp_path / "mirror").exists()


@pytest.mark.parametrize("url", ["https://host/a.git", "ssh://git@host:22/a", "git@host:a/b.git", "host:a/b"])
def test_ordinary_urls_are_let_through(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reached(Exception):
        pass

    def stop(*_arguments: object, **_options: object) -> None:
        raise Reached

    monkeypatch.setattr(Command, "run", stop)  # the network is not ours to use in a test
    with pytest.raises(Reached):
        git.mirror(url, tmp_path / "mirror", branch=None, access=git.Access())


def test_a_password_in_a_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a password") as raised:
        git.mirror("https://u:hunter2@host/x", tmp_path / "mirror", branch=None, access=git.Access())
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "branch", ["", "-x", "a..b", "a b", "a:b", "/a", "a/", "a.lock", "@", "a@{1}", "*", "a\n", "."]
)
def test_names_that_are_no_branch_are_refused(branch: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name a branch"):
        git.mirror("https://host/x", tmp_path / "mirror", branch=branch, access=git.Access())


@pytest.mark.parametrize("url", ["ext::touch {}/sprung", "{}"])
def test_git_itself_refuses_transports_that_are_not_allowed(url: str, clone: Path, tmp_path: Path) -> None:
    command = Command(clone, environment={"GIT_ALLOW_PROTOCOL": "https:ssh"})
    with pytest.raises(UsageError, match="transport"):
        command.run("ls-remote", "--end-of-options", url.format(tmp_path if "::" in url else clone))
    assert not (tmp_path / "sprung").exists()


def test_the_caller_s_git_variables_do_not_leak_in(
    clone: Path, run_git: GitRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "--quiet")
    for name, value in {
        "GIT_DIR": other / ".git", "GIT_WORK_TREE": other, "GIT_INDEX_FILE": other / "index", "GIT_PREFIX": "x/",
        "GIT_OBJECT_DIRECTORY": other / ".git/objects", "GIT_CONFIG_PARAMETERS": "'core.bare'='true'",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "true",
        "GIT_EXTERNAL_DIFF": "false", "GIT_CEILING_DIRECTORIES": str(tmp_path), "GIT_NAMESPACE": "x",
        "GIT_TRACE": tmp_path / "trace", "GIT_COMMON_DIR": other / ".git", "GIT_GLOB_PATHSPECS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    repository = git.open_repository(clone)
    assert repository.top == clone
    assert len(git.tree(repository, git.resolve(repository, "HEAD"), [])) == 3
    assert git.status(repository, []).dirty == ()
    assert not (tmp_path / "trace").exists()
    assert os.environ["GIT_DIR"] == str(other / ".git")


def test_a_users_own_configuration_is_not_read(
    clone: Path, trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\nfsmonitor = {trap}\n[log]\nshowSignature = true\n")
    monkeypatch.setenv("HOME", str(home))
    repository = git.open_repository(clone)
    git.status(repository, [])
    assert not (tmp_path / "sprung").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_a_repository_of_somebody_else_is_read_only_if_the_user_trusts_it(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for path in (clone, clone / ".git"):
        os.chown(path, NOBODY, NOBODY)
    with pytest.raises(NotPermitted, match=r"belongs to somebody else(.|\n)*safe\.directory .*clone"):
        git.discover(clone)
    (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {clone}\n")
    repository = git.open_repository(clone)
    assert git.status(repository, []).dirty == ()
    (home / ".gitconfig").write_text("[safe]\n\tdirectory = *\n\tdirectory =\n")
    with pytest.raises(NotPermitted):
        git.open_repository(clone)


def test_a_filter_with_an_odd_name_is_switched_off_all_the_same(clone: Path, run_git: GitRun, trap: Path) -> None:
    (clone / ".git/info").mkdir()
    (clone / ".git/info/attributes").write_text("*.yaml filter=a.b=c\n")
    run_git(clone, "config", "filter.a.b=c.clean", str(trap))
    (clone / "environments/qa/a.yaml").write_bytes(b"a: 5\n")
    git.status(git.open_repository(clone), [])
    assert not (clone.parent / "sprung").exists()


def test_a_command_that_takes_too_long_is_ended(clone: Path, run_git: GitRun) -> None:
    run_git(clone, "config", "alias.wait", "!sleep 30")
    with pytest.raises(StagemailError, match=r"did not end in 0\.2 s"):
        Command(clone).run("wait", timeout=0.2)


@pytest.mark.parametrize("does", ["sleep 30", "exec >&- 2>&-; sleep 30", "yes >&2"])
def test_a_git_that_only_reads_is_ended_as_well(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    check_version()
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\nexec sh -c '{does}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(program))
    with pytest.raises(StagemailError, match=r"did not end in 0\.2 s"):
        Command(clone).run("status", timeout=0.2)


def test_an_answer_that_is_too_long_is_an_error_and_not_kept(clone: Path) -> None:
    with pytest.raises(UserMustFix, match="more than 10 bytes"):
        Command(clone).run("ls-tree", "-r", "HEAD", limit=10)


def test_a_damaged_repository_says_what_to_run(clone: Path, run_git: GitRun) -> None:
    blob = run_git(clone, "rev-parse", "HEAD:environments/qa/a.yaml")
    file = clone / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(b"garbage")
    repository = git.open_repository(clone)
    with pytest.raises(UserMustFix, match="git fsck"):
        git.tree(repository, git.resolve(repository, "HEAD"), [])


def test_without_git_the_error_says_to_install_it(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", "git-is-not-here")
    for command in ("version", "init"):
        with pytest.raises(StagemailError, match="git is not installed"):
            Command(clone).run(command)


def test_a_read_gets_the_callers_environment_without_its_git_variables(
    clone: Path, run_git: GitRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_version()
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(program))
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.setenv("TZ", "UTC")
    shown = Command(clone).run("status").decode().splitlines()
    assert "TZ=UTC" in shown
    assert "GIT_ALLOW_PROTOCOL=none" in shown
    assert not any(line.startswith(("GIT_DIR=", "GIT_TRACE=")) for line in shown)


def test_without_its_folder_the_error_names_it(tmp_path: Path) -> None:
    with pytest.raises(StagemailError, match="gone is not a folder"):
        Command(tmp_path / "gone").run("version")


def test_much_goes_in_while_much_comes_out(clone: Path, run_git: GitRun) -> None:
    blob = run_git(clone, "rev-parse", "HEAD:environments/qa/a.yaml")
    answer = Command(clone).run("cat-file", "--batch", stdin=f"{blob}\n".encode() * 100_000)
    assert answer.count(b"blob") == 100_000


def _is_over(state: Path) -> bool:
    try:
        return state.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:  # it ended, perhaps while it was read
        return True


def test_a_git_that_was_given_up_leaves_nothing_running(clone: Path, run_git: GitRun, tmp_path: Path) -> None:
    run_git(clone, "config", "alias.hang", f"!sleep 600 & echo $! > {tmp_path}/pid; wait")
    written = tmp_path / "pid"
    for seconds in (1.0, 10.0, 60.0):  # what a busy machine needs to begin the child
        with pytest.raises(StagemailError, match="did not end"):
            Command(clone).run("hang", timeout=seconds)
        if written.exists() and written.read_text().strip():
            break
    state = Path(f"/proc/{int(written.read_text())}/stat")
    for _ in range(1200):
        if _is_over(state):
            return
        time.sleep(0.05)
    pytest.fail("its child still runs")


@pytest.mark.parametrize(("version", "is_refused"), [("2.30.9", True), ("2.31.0", False)])
def test_a_git_that_takes_no_configuration_from_us_is_asked_for_its_version(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_refused: bool
) -> None:
    program = tmp_path / "git"
    asked = f'case "$2" in version) echo git version {version};; *) exec git "$@";; esac'
    program.write_text(f'#!/bin/sh\nunset GIT_CONFIG_COUNT\n[ "$1" = version ] && set -- "" version\n{asked}\n')
    program.chmod(0o755)
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(program))
    check_version.cache_clear()
    with pytest.raises(UserMustFix, match="is too old") if is_refused else nullcontext():
        git.open_repository(clone)
    check_version.cache_clear()


def test_a_git_that_takes_it_is_not_asked(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagemail.git.command.check_version", lambda: pytest.fail("it was asked"))
    repository = git.open_repository(clone)
    assert git.status(repository, []) == git.Status((), ())
    assert not [name for name, _ in repository.command.config if name.startswith("stagemail.")]


def test_a_git_that_is_too_old_to_be_safe_is_refused(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho git version 2.30.9\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(program))
    check_version.cache_clear()
    with pytest.raises(UserMustFix, match=r"git 2\.30\.9 is too old"):
        Command(clone).run("version")
    check_version.cache_clear()
