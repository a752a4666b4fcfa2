"""A stage, or a whole command, that could not be finished: what, the next step, and whether to try again as it is.

Not here: exit codes, and outcomes of steps (``runs``).
"""

from collections.abc import Iterable, Mapping

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError, TryLater
from stagemail.model.problem import Problem
from stagemail.report.envelope import envelope
from stagemail.report.markdown import code, prose
from stagemail.report.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Failure:
    """``stage`` is "" where no stage is meant. ``retryable``: the same command may succeed later."""

    stage: str
    error: str
    message: str
    hint: str
    retryable: bool


def failure_of(error: StagemailError, stage: str = "") -> Failure:
    """An error as data."""
    return Failure(stage, type(error).__name__, error.message, error.hint, isinstance(error, TryLater))


def failures_of(errors: Mapping[str, StagemailError]) -> tuple[Failure, ...]:
    """What stopped stages, by stage, as data."""
    return tuple(failure_of(errors[stage], stage) for stage in sorted(errors))


def failures_markdown(failures: Iterable[Failure]) -> str:
    """What stopped stages, a heading each; "" for none."""
    parts = []
    for failure in failures:
        hint = f"\n→ {prose(failure.hint)}\n" if failure.hint else ""
        parts.append(f"### {code(failure.stage or 'stagemail')}: failed\n\n{prose(failure.message)}\n{hint}")
    return "\n".join(parts)


def failures_text(failures: Iterable[Failure], *, width: int = 80, color: bool = False) -> str:
    """What failed, one paragraph each."""
    sheet = Sheet(width, color=color)
    for failure in failures:
        where = f"{failure.stage}: " if failure.stage else ""
        sheet.line((f"{where}failed: ", "red"), failure.message)
        if failure.hint:
            sheet.line("→ ", failure.hint, indent=2, hang=4)
        if failure.retryable:
            sheet.line(("worth trying again as it is", "cyan"), indent=2)
    return sheet.text()


def failures_json(failures: Iterable[Failure], problems: Iterable[Problem] = ()) -> str:
    """What a command writes with ``--format json`` where it had nothing else to write; ``problems`` of documents."""
    listed = tuple(failures)
    again = [failure.stage for failure in listed if failure.retryable]
    return envelope("failure", retryable=again, failures=listed, problems=tuple(problems))
