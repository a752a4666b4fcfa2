"""A shell in a temporary folder that does what a page tells, and compares what it prints with what the page shows.

Names of somebody's own (domain, client, port) are replaced by those of the local platform. Not here: reading pages.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.docs.pages import Command, NotRun, Written

PATIENCE = 600
"""Seconds that a whole page may take."""
_TOLD = re.compile(r"\x01(\d+)\n(.*?)\x02(-?\d+)\n", re.DOTALL)
"""What one command printed, between marks, and its exit code."""


def environment(home: Path) -> dict[str, str]:
    """A person's environment: our commands on the path, a name for Git, none of this process's settings."""
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text("[user]\nname = Ada Admin\nemail = ada@example.com\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "STAGEMAIL_", "ODC_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    extra = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "120", "PYTHONUTF8": "1"}
    return {**kept, **extra, "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"}


def follow(
    todo: Iterable[Command | Written | NotRun], folder: Path, env: Mapping[str, str], replaced: Mapping[str, str]
) -> int:
    """Do all of it in one shell. Gives the number of commands that ran; raises AssertionError with the first lie."""
    steps = [step for step in todo if not isinstance(step, NotRun)]
    steps = [_replaced(step, replaced) for step in steps]
    script = "\n".join(_script(number, step, folder) for number, step in enumerate(steps))
    output = _run(script, folder, env)
    told = {
        int(n): (text, int(code)) for n, text, code in re.findall(r"\x01(\d+)\n(.*?)\x02(-?\d+)\n", output, re.DOTALL)
    }
    for number, step in enumerate(steps):
        if isinstance(step, Command) and not step.background:
            assert number in told, f"the shell ended before: {step.line}\n{output}"
            _compare(step, *told[number])
    return sum(isinstance(step, Command) for step in steps)


def _compare(step: Command, text: str, code: int) -> None:
    assert code == step.code, f"$ {step.line}\nexits with {code}, the page says {step.code}; it printed:\n{text}"
    rest = " ".join(text.split())
    for line in step.shows:
        wanted = " ".join(line.split())
        found = rest.find(wanted)
        assert found >= 0, f"$ {step.line}\ndoes not print (here): {wanted}\nit printed:\n{text}"
        rest = rest[found + len(wanted) :]


def _replaced(step: Command | Written, replaced: Mapping[str, str]) -> Command | Written:
    def words(text: str) -> str:
        for old, new in replaced.items():
            text = text.replace(old, new)
        return text

    if isinstance(step, Written):
        return Written(step.path, words(step.text))
    return Command(words(step.line), step.code, [words(line) for line in step.shows], step.background)


def _script(number: int, step: Command | Written, folder: Path) -> str:
    if isinstance(step, Written):
        path = shlex.quote(step.path)
        return f"mkdir -p $(dirname {path})\ncat > {path} <<'END-OF-FILE'\n{step.text}END-OF-FILE"
    if step.background:
        log = shlex.quote(str(folder / f"background-{number}"))
        waits = f"for _ in $(seq 2400); do grep -qF {shlex.quote(step.shows[0])} {log} && break; sleep 0.05; done"
        return f"{step.line} > {log} 2>&1 &\n{waits}"
    return f"printf '\\001{number}\\n'\n{{ {step.line}\n}} 2>&1\nprintf '\\002%d\\n' $?"


def _run(script: str, folder: Path, env: Mapping[str, str]) -> str:
    """The shell's output. Everything that it started ends with it."""
    (folder / "page.sh").write_text(script, encoding="utf-8")
    with (folder / "page.out").open("wb") as out:
        shell = subprocess.Popen(
            ["bash", str(folder / "page.sh")], cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=out,
            stderr=out, start_new_session=True,
        )  # fmt: skip
        try:
            shell.wait(PATIENCE)
        finally:
            _end(shell.pid)
    return (folder / "page.out").read_text(encoding="utf-8", errors="replace")


def _end(group: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return
        time.sleep(0.3)
