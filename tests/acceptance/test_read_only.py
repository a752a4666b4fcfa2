"""``readOnly: true``: every command that there is, and an empty ledger. The commands are taken from the CLI itself."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import click
import pytest
from tests.acceptance.bench import PASSWORD, PATIENCE, Bench

from stagemail.cli.group import stagemail

CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "init": (("NEW",),),
    "import": (("--domain", "URL", "--client-id", "stagemail-ci", "--folder", "IMPORTED"),),
    "plan": ((), ("qa", "--out", "PLAN"), ("--automatic",), ("--format", "markdown"), ("--if-changed",)),
    "apply": ((), ("qa",), ("qa", "--automatic"), ("PLAN",), ("qa", "--app", "CRM"), ("--if-changed",)),
    "status": ((), ("qa", "--why"), ("--record-only",)),
    "explain": (("qa", "CRM"),),
    "compare": (("qa", "production"), ("qa", "production", "--live")),
    "target discover": ((), ("--write",)),
    "completion": (("bash",),),
    "validate": ((), ("--format", "github")),
    "drift": ((), ("--format", "json")),
    "history": ((), ("qa",)),
    "doctor": ((), ("qa",)),
    "schema": ((),),
    "secrets check": ((), ("qa",)),
    "secrets push": (("qa",),),
    "review": (("MESSAGE", "--stage", "qa"),),
    "state move": (("--to", "postgresql://stagemail@127.0.0.1:1/stagemail"),),
    "send-test": (("--stage", "qa", "--app", "CRM", "--to", "qa@example.com"),),
}
"""How commands are called; capitals stand for places. One that is not here is called alone and with a stage."""
_MAIL = "keeps mail in a folder of its own; it reads no operator file and knows no platform"
ELSEWHERE = {
    "worker": "needs a record in PostgreSQL; it writes by the same passes as the controller",
    "state forget-key": "needs a record in PostgreSQL; it changes the record and knows no platform",
    "demo": "plays on a platform of its own, which it starts",
    **{f"inbox {verb}": _MAIL for verb in ("clear", "export", "list", "search", "serve", "show")},
}
"""Commands that never see this platform, each with its reason."""

TOLD = {("controller",): ("development at ", "production at ", "qa at ")}
"""What commands that serve say once they did their work; others are given some seconds."""


def leaves(command: click.Command, ctx: click.Context, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command below this one, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    for name in command.list_commands(ctx):
        below = command.get_command(ctx, name)
        assert below is not None
        yield from leaves(below, ctx, (*path, name))


COMMANDS = sorted(leaves(stagemail, click.Context(stagemail)))


def ended(bench: Bench, *arguments: str) -> int:
    """The exit code of a command that we do not know: one that serves until it is stopped is stopped."""
    process = bench.start(*arguments)
    seen = _until_told(process, TOLD[arguments]) if arguments in TOLD else ""
    try:
        out, err = process.communicate(timeout=PATIENCE / 2)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in seen + out + err
    assert PASSWORD not in seen + out + err
    return process.returncode


def _until_told(process: "subprocess.Popen[str]", stages: tuple[str, ...]) -> str:
    """Let it look at each stage, and tell it to stop."""
    limit = Timer(PATIENCE, process.kill)
    limit.start()
    seen = ""
    while not all(stage in seen for stage in stages):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"it ended, or did not look at {stages} within {PATIENCE} s: {seen}"
        seen += line
    limit.cancel()
    process.send_signal(signal.SIGTERM)
    return seen


@pytest.fixture
def read_only(bench: Bench) -> Bench:
    """The sample, whose target may not write, with everything left to do."""
    bench.change("stagemail.yaml", "type: odc", "type: odc\n    readOnly: true")
    return bench


def test_the_commands_are_those_of_the_command_line() -> None:
    assert {"plan", "apply", "secrets push", "target discover", "status"} <= set(COMMANDS)
    assert set(CALLS) | set(ELSEWHERE) <= set(COMMANDS), "a command that is no more"


def test_a_plan_says_that_it_is_only_shown_and_apply_refuses_it(read_only: Bench) -> None:
    for form in ("text", "markdown"):
        read_only.run("plan", "qa", "--format", form).shows(
            "Only shown: nothing of this can be written", "readOnly: false"
        )
    read_only.run("drift", "qa", expect=None).hides("Traceback")
    read_only.run("apply", "qa", expect=1).shows("target odc is read-only: nothing was written", "readOnly: false")
    read_only.change("stagemail.yaml", "readOnly: true", "readOnly: false")
    read_only.run("plan", "qa").hides("Only shown")


def test_no_command_writes_to_a_read_only_target(read_only: Bench, tmp_path: Path) -> None:
    places = {"NEW": "new", "IMPORTED": "imported", "PLAN": "qa-plan.json", "MESSAGE": "order.html"}
    named = {name: str(tmp_path / path) for name, path in places.items()} | {"URL": read_only.emulator.url}
    (tmp_path / "order.html").write_text("<html><body><p>Your order is on its way.</p></body></html>", encoding="utf-8")
    never = []
    for command in sorted(COMMANDS, key=lambda command: command != "plan"):
        if command in ELSEWHERE:
            continue
        codes = set()
        for call in CALLS.get(command, ((), ("qa",))):
            words = [*command.split(), *(named.get(word, word) for word in call)]
            known = command in CALLS
            codes.add(read_only.run(*words, expect=None).code if known else ended(read_only, *words))
            assert read_only.platform.ledger() == [], f"stagemail {' '.join(words)} wrote"
        if codes == {2}:
            never.append(command)
    assert never == [], "they did nothing, as they were called wrongly: write into CALLS how they are called"
