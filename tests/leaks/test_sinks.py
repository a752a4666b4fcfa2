"""Every door through which text can leave is derived from the code, and each names the test that proves it tight.

Quick, without any I/O beyond reading the source: the landing gate runs it. What a failure asks for is in its message.
The registries are ``sinks.txt`` (doors) and ``reveals.txt`` (places where a credential becomes text).
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leaks.sinks import ROOT, SOURCE, Sink, raises_with_causes, reveals, sinks

HERE = Path(__file__).parent
KINDS = "terminal, file, log, sql, process, network, web, metrics, git"

NEW = """\
{count} new door(s) through which text leaves stagemail, without a test that no credential goes with it:

{listed}

For each add ONE LINE to tests/leaks/sinks.txt (any order):

    <module> <kind> test <file>::<function>    the test that drives this door with canary credentials
    <module> <kind> none <reason>              only where no text of a run can get there at all

How to make a door tight: hand every text to the run's net before it leaves: `net.scrub(text)` with the
`stagemail.reconcile.net.Net` that `Running` was given (in the CLI: `options.globals_of(ctx).net`).
 - terminal: nothing to do; the streams of `stagemail` are behind the net (cli/streams.py). Register it with
   `test tests/unit/cli/test_streams.py::test_whoever_writes_goes_through_it`.
 - log, structlog: call `cli.logs.guard(net.scrub)` where logging is set up (RunSession does); register it with
   `test tests/unit/cli/test_streams.py::test_a_log_record_is_scrubbed_for_every_handler`.
 - file: `cli.output.save(ctx, path, text)` (0600 and scrubbed).
 - sql, git: the record is behind `ShieldedRecord`, which scrubs outcome messages; other free text: scrub it yourself.
 - web, metrics, network (webhooks, notifications, SMTP, HTTP): scrub the body, and write a small test that learns
   `tests.leaks.canaries.CANARIES`, sends them in every form (`tests.leaks.canaries.encoded`) through the door, and
   asserts `tests.leaks.canaries.found(what_arrived) == []`.
"""


def lines(name: str) -> dict[str, str]:
    """A registry: what, and what proves it. Two words, then the proof."""
    entries = [line for line in (HERE / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    table = {" ".join(line.split()[:2]): " ".join(line.split()[2:]) for line in entries}
    assert len(table) == len(entries), f"{name} has an entry twice"
    return table


def test_every_door_has_a_test() -> None:
    found, known = sinks(SOURCE), lines("sinks.txt")
    new = [found[name] for name in sorted(found.keys() - known.keys())]
    listed = "\n".join(f"    {sink.name}    (line {sink.line}: {sink.what})" for sink in new)
    assert not new, NEW.format(count=len(new), listed=listed)


def test_no_door_is_registered_that_is_gone() -> None:
    gone = sorted(lines("sinks.txt").keys() - sinks(SOURCE).keys())
    assert not gone, f"take these lines out of tests/leaks/sinks.txt, the code has no such door any more: {gone}"


@pytest.mark.parametrize("registry", ["sinks.txt", "reveals.txt"])
def test_every_proof_exists_or_is_a_reason(registry: str) -> None:
    for name, proof in lines(registry).items():
        word, _, rest = proof.partition(" ")
        assert word in ("test", "none"), f"{registry}: {name}: write `test FILE::FUNCTION` or `none REASON`"
        if word == "none":
            assert len(rest.split()) >= 3, f"{registry}: {name}: say in a few words why nothing can leave there"
            continue
        file, _, function = rest.partition("::")
        assert (ROOT / file).is_file(), f"{registry}: {name}: there is no file {file}"
        defined = {n.name for n in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))) if hasattr(n, "name")}
        assert function in defined, f"{registry}: {name}: {file} has no test {function}"


def test_every_place_that_reveals_a_credential_is_reviewed() -> None:
    found, known = reveals(SOURCE), lines("reveals.txt")
    new = sorted(found - known.keys())
    assert not new, (
        f"new calls of Secret.reveal() in {new}: add a line to tests/leaks/reveals.txt, `<module> <function> test FILE"
        "::FUNCTION` or `… none REASON`, that says where the value goes and why nobody else sees it"
    )
    assert not sorted(known.keys() - found), "take these lines out of tests/leaks/reveals.txt: the calls are gone"


def test_no_error_keeps_the_library_exception_behind_it() -> None:
    """What hvac, boto3, httpx2, json or the decoders raise holds their input, and ``--debug`` prints causes."""
    kept = list(raises_with_causes(SOURCE / "stagemail"))
    assert not kept, (
        f"{kept}: raise after the `except` block has ended, or `raise … from None`: the library's exception holds what "
        "it was given, and a traceback would print it"
    )


def _door(source: str, tmp_path: Path) -> list[str]:
    package = tmp_path / "stagemail"
    package.mkdir(exist_ok=True)
    (package / "new.py").write_text(source, encoding="utf-8")
    return sorted({sink.kind for sink in sinks.__wrapped__(tmp_path).values()})


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("click.echo(x)", "terminal"),
        ("print(x)", "terminal"),
        ("sys.stderr.write(x)", "terminal"),
        ("import getpass", "terminal"),
        ("path.write_text(x)", "file"),
        ("path.open('w')", "file"),
        ("open(p, mode='ab')", "file"),
        ("os.open(p, os.O_WRONLY | os.O_CREAT)", "file"),
        ("json.dump(x, f)", "file"),
        ("import logging", "log"),
        ("log.debug(x)", "log"),
        ("from structlog import get_logger", "log"),
        ("from sqlalchemy import text", "sql"),
        ("connection.execute(x)", "sql"),
        ("import psycopg", "sql"),
        ("subprocess.run(x)", "process"),
        ("import procrastinate", "process"),
        ("import smtplib", "network"),
        ("session.send_message(m)", "network"),
        ("client.post(u, json=x)", "network"),
        ("import httpx2", "network"),
        ("import apprise", "network"),
        ("importlib.import_module('hvac.adapters')", "network"),
        ("import urllib.request", "network"),
        ("from fastapi import FastAPI", "web"),
        ("@router.get('/status')\nasync def status(): ...", "web"),
        ("HTMLResponse(x)", "web"),
        ("from prometheus_client import Counter", "metrics"),
        ("counter.labels(x).inc()", "metrics"),
        ("import git", "git"),
        ("branch.commit_files(x)", "git"),
    ],
)
def test_each_kind_of_door_is_seen(source: str, kind: str, tmp_path: Path) -> None:
    assert kind in _door(source, tmp_path)
    assert kind in KINDS


@pytest.mark.parametrize(
    "source", ["path.open()", "open(p, 'rb')", "os.open(p, os.O_RDONLY)", "text(step, 3)", "error(x)", "x.run()"]
)
def test_reading_and_plain_names_are_no_doors(source: str, tmp_path: Path) -> None:
    assert _door(source, tmp_path) == []


def test_a_revealed_value_and_a_kept_cause_are_seen(tmp_path: Path) -> None:
    (tmp_path / "stagemail").mkdir()
    (tmp_path / "stagemail" / "new.py").write_text(
        "def send(secret):\n    try:\n        post(secret.reveal())\n    except ValueError as error:\n"
        "        raise Unreachable('no answer') from error\n",
        encoding="utf-8",
    )
    assert reveals(tmp_path) == {"stagemail.new send"}
    assert list(raises_with_causes(tmp_path)) == ["stagemail/new.py:5"]


def counted() -> Iterator[Sink]:
    """For the report of the driving test."""
    yield from sinks(SOURCE).values()
