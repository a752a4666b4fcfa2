"""Loads the operator file: shape first, then the rules across its parts, every problem with its line.

Not here: where the file is read from (``wiring``: never from a tree under review), its shape (``resources.operator``).
"""

from typing import Any, Final

from pydantic import ValidationError

from stagemail.document import Document, read
from stagemail.errors import InvalidInput
from stagemail.model.location import Location, Place
from stagemail.model.problem import Problem
from stagemail.resources.operator import Operator
from stagemail.resources.operator_checks import breaches
from stagemail.resources.plugins import Registries
from stagemail.source import pasted
from stagemail.source.finding import Finding
from stagemail.source.located import located
from stagemail.source.lookalikes import in_operator_file
from stagemail.source.schema import is_valid, plain

_HINT: Final = "docs/reference describes every field; `stagemail schema` prints the schema"


def load_operator(data: bytes, path: str, registries: Registries | None = None) -> Operator:
    """The operator file that ``data`` holds; ``path`` is how messages call it. Raises InvalidInput with every problem.

    ``registries`` name the settings of every target and secret store that is installed; None: those that come with us.
    """
    documents, problems = read(data, path)
    problems += pasted.in_comments(data, path)
    if not problems and len(documents) != 1:
        what = f"{path} holds {len(documents)} documents" if documents else f"{path} is empty"
        remedy = "write exactly one document of kind Operator."
        problems = (Problem(Location(path), "wrong-length", f"{what}:", remedy),)
    if problems:
        raise _invalid(path, problems)
    operator, findings = operator_of(documents[0], registries)
    if operator is None or findings:
        raise _invalid(path, tuple(problem for problem, _ in located(findings, lambda _paths: {path: data})))
    return operator


def operator_of(document: Document, registries: Registries | None) -> tuple[Operator | None, list[Finding]]:
    """The operator file of one document, or None and what is wrong with it."""
    place = Place(document.path, document.index)
    value = plain(document.value)
    if not isinstance(value, dict) or value.get("kind") != "Operator":
        return None, [
            Finding(place.child("kind"), "unknown-kind", "this is no operator file:", "write `kind: Operator`.")
        ]
    if not is_valid(value):
        # The reference validator takes a tenth of a second to load and is needed by broken documents only.
        from stagemail.source.explain import explain  # noqa: PLC0415

        return None, explain(value, place)
    try:
        operator = Operator.model_validate(value, context=registries)
    except ValidationError as error:
        return None, [_finding(each, place) for each in error.errors(include_input=False, include_context=False)]
    found = [*in_operator_file(value, place)]
    found += [
        Finding(
            place.child(*breach.pointer),
            breach.code,
            breach.message,
            breach.remedy,
            related=tuple(place.child(*pointer) for pointer in breach.related),
        )
        for breach in breaches(operator)
    ]
    known = {finding.place for finding in found if finding.code == "literal-secret"}
    found += [finding for finding in pasted.in_document(value, place) if finding.place not in known]
    return (None if found else operator), found


def _finding(error: Any, place: Place) -> Finding:
    """An error of a model that the schema leaves open: a plugin's own settings, a rule between two fields."""
    where = place.child(*error["loc"])
    text = str(error["msg"]).removeprefix("Value error, ")
    message, colon, remedy = text.rpartition(": ")
    if error["type"] == "unknown_type":
        return Finding(where.child("type"), "unknown-type", f"{message}:", remedy)
    if error["type"] == "missing":
        return Finding(where, "wrong-settings", f"`{where.pointer[-1]}` is missing:", "add it.")
    if not colon:
        message, remedy = f"`{where.pointer[-1]}` is not what this type takes", text[:1].lower() + text[1:]
    return Finding(where, "wrong-settings", f"{message}:", f"{remedy.rstrip('.')}.")


def _invalid(path: str, problems: tuple[Problem, ...]) -> InvalidInput:
    count = f"{len(problems)} problems" if len(problems) > 1 else "one problem"
    return InvalidInput(f"{path} has {count}", problems=problems, hint=_HINT)
