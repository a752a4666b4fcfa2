"""What a command writes to its streams has no known credential in it, whoever writes it."""

import io
import json
import logging
import sys

import click
import pytest

from stagemail.cli import logs
from stagemail.cli.streams import ScrubbedStream, guarded
from stagemail.model.secret import Secret
from stagemail.reconcile.net import Net

VALUE = "correct-horse-battery"


@pytest.fixture
def net() -> Net:
    made = Net()
    made.learn(Secret(VALUE))
    return made


def test_whoever_writes_goes_through_it(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    with guarded() as edge:
        edge.scrub = net.scrub
        click.echo(f"echo {VALUE}")
        click.echo(f"echo {VALUE}", err=True)
        click.secho(f"secho {VALUE}", fg="red")
        print(f"print {VALUE}")  # noqa: T201 - the way that is tested
        sys.stderr.write(f"write {VALUE}\n")
    seen = capsys.readouterr()
    assert seen.out == "echo ***\nsecho ***\nprint ***\n"
    assert seen.err == "echo ***\nwrite ***\n"


def test_nothing_is_changed_before_anything_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with guarded():
        click.echo(VALUE)
    assert capsys.readouterr().out == f"{VALUE}\n"
    assert not isinstance(sys.stdout, ScrubbedStream)


def test_a_report_in_json_parses_where_a_credential_is_a_word(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    net.learn(Secret("true"))
    with guarded() as edge:
        edge.scrub = net.scrub
        click.echo(json.dumps({"ready": True, "why": f"true or {VALUE}"}, indent=2))
    assert json.loads(capsys.readouterr().out) == {"ready": True, "why": "*** or ***"}


def test_bytes_cannot_go_past_it(net: Net) -> None:
    with guarded() as edge:
        edge.scrub = net.scrub
        assert not hasattr(sys.stdout, "buffer")
        with pytest.raises(TypeError):
            click.echo(VALUE.encode())


class _Handler(logging.Handler):
    """Keeps whole records, as a handler does that ships them elsewhere."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def test_a_log_record_is_scrubbed_for_every_handler(net: Net) -> None:
    handler, stream = _Handler(), io.StringIO()
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.handlers += (handler, logging.StreamHandler(stream))
    undo = logs.guard(net.scrub)
    try:
        log = logging.getLogger("some.library")
        try:
            raise ValueError(VALUE)  # noqa: TRY301 - raised to be logged
        except ValueError:
            log.exception("said %s and %r", VALUE, {"password": VALUE}, stack_info=True)
        log.debug("does not fit %s %s", VALUE)  # noqa: PLE1206 - as somebody may write it
        for name in logs.QUIET:
            logging.getLogger(f"{name}.parsers").debug("the whole answer, before anybody knows what in it is secret")
    finally:
        undo()
        root.handlers = [h for h in root.handlers if h is not handler and getattr(h, "stream", None) is not stream]
        root.setLevel(before)
    assert VALUE not in stream.getvalue()
    assert VALUE not in "".join(repr(vars(record)) for record in handler.records)
    assert [record.msg for record in handler.records] == [
        "said *** and {'password': '***'}",
        "does not fit %s %s",
    ]


def test_the_guard_can_be_undone(net: Net) -> None:
    before = logging.getLogRecordFactory(), logging.getLogger("botocore").level
    logs.guard(net.scrub)()
    assert (logging.getLogRecordFactory(), logging.getLogger("botocore").level) == before
