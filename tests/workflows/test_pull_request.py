"""pull-request.yml: a fork's head is data and nothing else; a pull request of the repository itself gets one plan."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.workflows.conftest import SECRETS, Hosted

QA = "environments/qa/email.yaml"
MARKER = "<!-- stagemail-plan -->"


@contextmanager
def listener() -> Iterator[tuple[str, socket.socket]]:
    """Somebody's own server, that hears whoever calls."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}", server


def calls(server: socket.socket) -> int:
    """How many have called so far."""
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return 0
    return 1


def trap(hosted: Hosted) -> Path:
    """A machine on which any checkout would run a program that leaves a trace: gives the trace's path."""
    canary, hooks = hosted.folder / "canary", hosted.folder / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> '{canary}'\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    with (hosted.folder / "home" / ".gitconfig").open("a", encoding="utf-8") as config:
        config.write(f'[core]\nhooksPath = {hooks}\n[filter "evil"]\nsmudge = "echo smudge >> {canary}; cat"\n')
        config.write(f'[diff "evil"]\ncommand = "echo diff >> {canary}"\ntextconv = "echo textconv >> {canary}; cat"\n')
    return canary


def hostile(hosted: Hosted, url: str) -> None:
    """What a fork may put on top: another platform, programs under names that something might run, filters."""
    hosted.change("stagemail.yaml", f"domain: {hosted.url}", f"domain: {url}")
    files = {
        ".gitattributes": "* filter=evil diff=evil\n",
        "stagemail.py": "raise SystemExit('run')\n",
        "sitecustomize.py": f"open({str(hosted.folder / 'canary')!r}, 'w').write('python')\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "stagemail"\nbackend-path = ["."]\n',
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = {url}\n',
        ".github/workflows/pull-request.yml": "on: push\njobs: {}\n",
    }
    for path, text in files.items():
        (hosted.work / path).parent.mkdir(parents=True, exist_ok=True)
        (hosted.work / path).write_text(text, encoding="utf-8")


def test_nothing_of_a_hostile_fork_runs_and_nobody_is_called(hosted: Hosted) -> None:
    with listener() as (url, server):
        hostile(hosted, url)
        hosted.commit("Improve::error::the words %0A of the mail")
        told = hosted.propose()
        canary, before = trap(hosted), sum(hosted.platform.reads().values())
        done = hosted.job("pull-request", "validate-fork", told)
        assert done.failed == [], done.told
        assert calls(server) == 0
        assert sum(hosted.platform.reads().values()) == before
    assert not canary.exists()
    checkout = next(hosted.folder.glob("machine-*")) / "checkout"
    assert hosted.url in (checkout / "stagemail.yaml").read_text(encoding="utf-8")
    assert not (checkout / "stagemail.py").exists()
    assert "Validation" in done.summary


def test_the_trap_for_checkouts_would_catch_one(hosted: Hosted) -> None:
    canary = trap(hosted)
    (hosted.work / ".gitattributes").write_text("* filter=evil\n", encoding="utf-8")
    hosted.commit("Filter everything")
    hosted.git("checkout", "--quiet", hosted.main)
    hosted.git("checkout", "--quiet", "-")
    assert {"smudge", "post-checkout"} <= set(canary.read_text(encoding="utf-8").split())


def test_a_fork_sees_what_its_change_would_do_and_nobody_is_asked(hosted: Hosted) -> None:
    hosted.change(QA, "name: Example QA", "name: Example QA team")
    hosted.commit("Say who writes")
    told = hosted.propose()
    before = sum(hosted.platform.reads().values())
    done = hosted.job("pull-request", "validate-fork", told)
    assert done.failed == [], done.told
    assert sum(hosted.platform.reads().values()) == before
    assert "Example QA → Example QA team" in done.summary
    assert "reference unchanged (value not read)" in done.summary


def test_a_fork_that_names_anothers_secret_is_refused_with_the_grant(hosted: Hosted) -> None:
    hosted.change(QA, "key: SMTP_QA", "key: SMTP_PRODUCTION")
    hosted.commit("Use another secret")
    done = hosted.job("pull-request", "validate-fork", hosted.propose())
    assert done.failed == ["Plan without asking anybody"], done.told
    assert "reference changed (value not read)" in done.summary
    assert 'stages: ["qa"], store: "env", keys: "SMTP_PRODUCTION"' in done.summary


def test_a_broken_commit_of_a_fork_is_told_on_its_line(hosted: Hosted) -> None:
    hosted.change(QA, "port: 587", "port: 99999")
    hosted.commit("Break the port")
    hosted.change(QA, "port: 99999", "port: 587")
    hosted.commit("Mend the port")
    done = hosted.job("pull-request", "validate-fork", hosted.propose())
    assert done.failed == ["Validate every commit"]
    assert f"::error file={QA},line=" in done.told


def test_a_fork_cannot_bring_its_trust_along_with_its_mail(hosted: Hosted) -> None:
    hosted.change("stagemail.yaml", "keys: SMTP_QA", 'keys: "*"')
    hosted.change(QA, "key: SMTP_QA", "key: ODC_CLIENT_SECRET")
    hosted.commit("Send me the client's secret")
    done = hosted.job("pull-request", "validate-fork", hosted.propose())
    assert done.failed == ["Refuse a change of trust together with a change of mail"]


def test_a_pull_request_gets_one_comment_that_follows_it(hosted: Hosted) -> None:
    hosted.change(QA, "name: Example QA", "name: Example QA team")
    hosted.commit("Say who writes")
    done = hosted.job("pull-request", "plan", hosted.propose())
    assert done.failed == [], done.told
    (comment,) = hosted.hub["comments"]
    assert comment["body"].startswith(MARKER)
    assert "Example QA team" in comment["body"] and "`production`" in comment["body"]
    hosted.change(QA, "name: Example QA team", "name: Example QA people")
    hosted.commit("Say it better")
    done = hosted.job("pull-request", "plan", hosted.propose())
    assert done.failed == [], done.told
    (comment,) = hosted.hub["comments"]
    assert "Example QA people" in comment["body"] and "Example QA team" not in comment["body"]
    assert hosted.ledger() == 0
    assert all(secret not in str(hosted.hub) + done.told for held in SECRETS.values() for secret in held.values())


def test_a_plan_asks_the_platform_that_the_base_names(hosted: Hosted) -> None:
    with listener() as (url, server):
        hostile(hosted, url)
        hosted.commit("Ask somebody else")
        told = hosted.propose()
        canary, before = trap(hosted), sum(hosted.platform.reads().values())
        done = hosted.job("pull-request", "plan", told)
        assert done.failed == [], done.told
        assert calls(server) == 0
    assert sum(hosted.platform.reads().values()) > before
    assert not canary.exists()


def test_what_cannot_be_planned_is_told_in_the_comment_and_fails(hosted: Hosted) -> None:
    hosted.change(QA, "port: 587", "port: 99999")
    hosted.commit("Break the port")
    done = hosted.job("pull-request", "plan", hosted.propose())
    assert done.failed == ["Fail where a stage could not be planned"]
    assert len(hosted.hub["comments"]) == 1
