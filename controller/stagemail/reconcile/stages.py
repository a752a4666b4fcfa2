"""Many stages, one after the other: one that fails never stops another. Earlier stages come first (``dependsOn``)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Generic, TypeVar

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class StageResult(Generic[Result]):
    """What one stage gave, or what stopped it."""

    stage: str
    value: Result | None = None
    error: StagemailError | None = None


def in_order(depends_on: Mapping[str, Sequence[str]], selected: Iterable[str]) -> tuple[str, ...]:
    """The selected stages, each after the ones it depends on; otherwise by name."""
    chosen = set(selected)
    sorter = TopologicalSorter({stage: [d for d in depends_on.get(stage, ()) if d in chosen] for stage in chosen})
    sorter.prepare()
    result: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        result += ready
        sorter.done(*ready)
    return tuple(result)


def each_stage(stages: Iterable[str], work: Callable[[str], Result]) -> tuple[StageResult[Result], ...]:
    """Do the work for every stage; what stops one is kept as its result."""
    results: list[StageResult[Result]] = []
    for stage in stages:
        try:
            results.append(StageResult(stage, work(stage)))
        except StagemailError as error:
            results.append(StageResult(stage, error=error))
    return tuple(results)
