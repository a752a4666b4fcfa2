"""The SIZE that a mail server announced, out of a preflight's JSON. Not here: writing that JSON (``preflight``)."""

from typing import Any

from stagemail.errors import InvalidInput
from stagemail.report.envelope import opened
from stagemail.report.preflight import KIND


def announced_size(text: str, stage: str) -> tuple[int, str] | None:
    """Bytes, and which server said so; of ``stage``, or ("") of the only stage. None where no SIZE was announced.

    Raises InvalidInput for what is no preflight, and where the stage cannot be told.
    """
    found = [one for one in opened(text, KIND).get("stages", ()) if isinstance(one, dict)]
    wanted = [one for one in found if not stage or one.get("stage") == stage]
    if len(wanted) != 1:
        names = ", ".join(str(one.get("stage")) for one in found) or "none"
        raise InvalidInput(
            f"the preflight holds these stages: {names}", hint="name one of them with --stage" if found else ""
        )
    return _of(wanted[0])


def _of(stage: dict[str, Any]) -> tuple[int, str] | None:
    for step in reversed(stage.get("steps") or ()):
        size = (step.get("facts") or {}).get("size") if isinstance(step, dict) else None
        if type(size) is int and size > 0:
            return size, f"SIZE of {stage.get('destination')}"
    return None
