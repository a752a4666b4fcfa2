"""What people write as a reason is shown to others: no terminal or spreadsheet acts on it, and no credential stays."""

import csv
import io
import json
import sqlite3
from contextlib import closing

from tests.acceptance.bench import PASSWORD, Bench
from tests.acceptance.test_controller import EMAIL

NASTY = "=HYPERLINK(1) \x1b[31mred\x1b]0;t\x07 \u202egnirts <img src=x onerror=alert(1)> [a](javascript:b) | `x` @all"


def test_a_nasty_reason_is_neutralised_wherever_it_is_shown(applied: Bench) -> None:
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("suspend", "qa", "--reason", NASTY, expect=2).shows("line ends or control characters").hides("\x1b")
    applied.run("suspend", "qa", "--reason", "PLACEHOLDER")
    with closing(sqlite3.connect(applied.repository / "stagemail.db")) as record, record:
        for table in ("decisions", "events"):  # as an older release may have left it
            told = f"UPDATE {table} SET body = replace(body, 'PLACEHOLDER', ?)"
            record.execute(told, (json.dumps(NASTY)[1:-1],))
    said = applied.run("apply", "qa", "--automatic", expect=4)
    said.shows("suspended by", "=HYPERLINK(1)")
    data = applied.run("apply", "qa", "--automatic", "--format", "json", expect=4)
    shown = [said, data]
    shown += [applied.run("status", "qa", expect=None), applied.run("history", "qa")]
    shown += [applied.run("history", "qa", "--format", "csv"), applied.run("history", "qa", "--format", "json")]
    for one in shown:
        one.hides("\x1b", "\x07", "\u202e")
    rows = list(csv.reader(io.StringIO(shown[4].out)))
    assert any("HYPERLINK" in cell for row in rows for cell in row), "the reason is in the history"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def test_whoever_acts_cannot_make_a_formula_of_his_name(applied: Bench) -> None:
    applied.environment["STAGEMAIL_ACTOR"] = "=1+1"
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("apply", "qa")
    rows = list(csv.reader(io.StringIO(applied.run("history", "qa", "--format", "csv").out)))
    assert "'=1+1" in {cell for row in rows for cell in row}


def test_a_reason_that_holds_a_credential_is_shown_to_nobody(applied: Bench) -> None:
    applied.change(EMAIL, "port: 587", "port: 2587")
    applied.run("suspend", "qa", "--reason", f"the password is {PASSWORD}")
    applied.run("apply", "qa", "--automatic", expect=4).shows("the password is ***").hides(PASSWORD)
    applied.run("status", "qa", expect=None).hides(PASSWORD)
