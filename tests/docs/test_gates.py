"""The page on gates and conditions names every reason that a condition can have, and no other."""

import ast
import inspect
import re
from typing import get_args

from docs.generate.blocks import ROOT

from stagemail import errors
from stagemail.model.gate import GateKind
from stagemail.model.verdict import VerdictReason
from stagemail.reconcile import conditions, status

PAGE = (ROOT / "docs" / "explanation" / "gates-and-conditions.md").read_text(encoding="utf-8")
WORDS = {"Ready", "Reconciling", "Stalled", "True", "False", "Unknown"}


def reasons() -> set[str]:
    """Those that the code spells out, those of histories, and the errors that can stop a pass."""
    trees = [ast.parse(inspect.getsource(module)) for module in (conditions, status)]
    texts = {n.value for t in trees for n in ast.walk(t) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    spelt = {text for text in texts if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)*", text)} - WORDS
    stopping = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.StagemailError)
    }
    bases = {"StagemailError", "TryLater", "NeverAgain"}
    return spelt | (set(get_args(VerdictReason)) - {""}) | (stopping - bases)


def test_every_reason_is_told_with_what_to_do() -> None:
    told = {reason for row in re.findall(r"^\| .+ \|$", PAGE, re.MULTILINE) for reason in _reasons_of(row)}
    assert told == reasons()


def _reasons_of(row: str) -> list[str]:
    return re.findall(r"`([A-Z]\w+)`", row.split("|")[2])


def test_every_gate_has_its_reason() -> None:
    assert set(conditions.GATES) == set(get_args(GateKind))
