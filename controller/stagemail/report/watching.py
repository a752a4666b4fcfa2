"""How often drift can be watched, in words. Not here: counting (``reconcile.watching``)."""

from stagemail.dataclass import dataclass
from stagemail.model.cost import Cost
from stagemail.report.instants import seconds_text


@dataclass(frozen=True, slots=True)
class Watch:
    """Of one target: ``seconds`` is the shortest interval, and ``decides`` the API domain whose limit makes it so."""

    target: str
    stages: tuple[str, ...]
    left_out: tuple[str, ...]
    seconds: int
    decides: str
    cost: Cost


def watch_line(watch: Watch) -> str:
    """A sentence with what it stands on."""
    calls, allowed = watch.cost.calls[watch.decides], watch.cost.allowed[watch.decides]
    stages = "1 stage" if len(watch.stages) == 1 else f"{len(watch.stages)} stages"
    without = f", without {', '.join(watch.left_out)}" if watch.left_out else ""
    every = f"drift on {watch.target} can be watched every {seconds_text(watch.seconds)} at the shortest"
    return f"{every}: {stages}{without}, {calls} calls to {watch.decides} at {allowed} in {watch.cost.window} s"
