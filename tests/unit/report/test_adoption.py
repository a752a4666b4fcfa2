"""What an import tells: every kind of remark under its heading, what is true of many said once."""

import json
from typing import get_args

from tests.unit.report.golden import assert_golden
from tests.unit.report.test_every_text import poisoned

from stagemail.report.adoption import (
    HEADINGS,
    ImportedStage,
    ImportReport,
    NeededSecret,
    Remark,
    RemarkKind,
    import_json,
    import_text,
)
from stagemail.report.escape import is_hidden
from stagemail.report.sheet import cells

KINDS = get_args(RemarkKind)
REPORT = ImportReport(
    "acme.outsystems.dev",
    ("environments/qa/email.yaml", "stagemail.yaml"),
    (ImportedStage("qa", "QA", "non-production", "qa-relay", 5, 4),),
    (
        NeededSecret("STAGEMAIL_ODC_CLIENT_SECRET", "secret of the API client ci"),
        NeededSecret("STAGEMAIL_SMTP_QA", "password of mailer at smtp.example.com:587", ("qa", "staging")),
    ),
    (
        *(Remark(kind, "qa", "CRM", f"something about {kind}") for kind in KINDS),
        Remark("real-people", "qa", "Billing", "something about real-people"),
        Remark("not-imported", "new", "", "no mail server is set there"),
    ),
)


def test_an_import_reads_as_in_the_golden_file() -> None:
    text = import_text(REPORT)
    assert max(map(cells, text.splitlines())) <= 80
    assert_golden("import.txt", text)


def test_every_kind_of_remark_has_a_heading() -> None:
    assert set(HEADINGS) == set(KINDS)


def test_what_is_true_of_many_is_said_once() -> None:
    assert import_text(REPORT).count("something about real-people") == 1


def test_all_of_it_is_in_the_json() -> None:
    data = json.loads(import_json(REPORT))
    assert len(data["report"]["remarks"]) == len(REPORT.remarks)
    assert data["report"]["secrets"][1]["variable"] == "STAGEMAIL_SMTP_QA"


def test_no_value_can_act_on_the_terminal() -> None:
    text = import_text(poisoned(REPORT))
    assert not [char for char in text if char != "\n" and is_hidden(char)]
