"""The status page: each stage and source as it was last seen by this controller. Reads nothing but what it was told.

Implements ``ports.Observer``. Not here: the port (``app``), the whole truth (``stagemail status``).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from jinja2 import Environment, PackageLoader, StrictUndefined

from stagemail.model.happening import Finished, Happening, Looked
from stagemail.reconcile.derived import conditions_of

_TIME = "%Y-%m-%d %H:%M:%S"
_MOST_HELD = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. ``tone`` chooses its colour: good, wait, bad."""

    stage: str
    state: str
    tone: str
    revision: str = ""
    live: str = ""
    at: str = ""
    what: str = ""


class Board:
    """``stages`` and ``sources`` are those of the operator file as it is in force now."""

    def __init__(
        self,
        stages: Callable[[], Iterable[str]],
        sources: Callable[[], Iterable[str]],
        now: Callable[[], datetime],
        scrub: Callable[[str], str] = str,
    ) -> None:
        self._stages = stages
        self._sources = sources
        self._now = now
        self._scrub = scrub
        self._lock = Lock()
        self._finished: dict[str, Finished] = {}
        self._looked: dict[str, Looked] = {}
        loader = PackageLoader("stagemail.web", "templates")
        self._page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("status.html")

    def saw(self, happening: Happening) -> None:
        """Remember the newest of each stage and source."""
        with self._lock:
            if isinstance(happening, Finished):
                self._finished[happening.stage] = happening
            elif isinstance(happening, Looked):
                self._looked[happening.source] = happening

    def html(self) -> str:
        """The page."""
        with self._lock:
            finished, looked = dict(self._finished), dict(self._looked)
        stages = [self._stage(name, finished.get(name)) for name in sorted(self._stages())]
        sources = [self._source(name, looked.get(name)) for name in sorted(self._sources())]
        counts = Counter(row.state for row in stages)
        summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no stages"
        return self._page.render(stages=stages, sources=sources, summary=summary, at=f"{self._now():{_TIME}}")

    def _stage(self, name: str, seen: Finished | None) -> Row:
        if seen is None:
            return Row(name, "not looked at yet", "wait")
        state, tone = _state(seen)
        run = seen.run
        live = f"{run.live} of {run.apps}" if run is not None and run.apps else ""
        return Row(name, state, tone, seen.revision[:12], live, f"{seen.at:{_TIME}}", self._scrub(_what(seen)))

    def _source(self, name: str, seen: Looked | None) -> Row:
        if seen is None:
            return Row(name, "not looked at yet", "wait")
        state, tone = ("not seen", "bad") if not seen.revision else ("held", "bad") if seen.error else ("seen", "good")
        return Row(name, state, tone, seen.revision[:12], at=f"{seen.at:{_TIME}}", what=self._scrub(seen.error))


def _state(seen: Finished) -> tuple[str, str]:
    by_type = {condition.type: condition for condition in conditions_of(seen)}
    stalled, ready = by_type.get("Stalled"), by_type.get("Ready")
    status = seen.run.status if seen.run is not None else "failed"
    if stalled is not None and stalled.status == "True":
        return "stalled", "bad"
    if seen.error or status in ("failed", "partial", "interrupted"):
        return "failed", "bad"
    if status == "held":
        return "held", "wait"
    is_ready = ready is None or ready.status == "True"
    return ("ready", "good") if is_ready else ("not ready", "wait")


def _what(seen: Finished) -> str:
    """Why it is as it is: the error, what is held or failed, what waits."""
    messages = (seen.error, *(condition.message for condition in conditions_of(seen)))
    said = list(dict.fromkeys(message for message in messages if message))
    outcomes = seen.run.outcomes if seen.run is not None else ()
    worth = [o for o in outcomes if o.status in ("held", "failed", "unknown", "reported")]
    said += [f"{o.label}: {o.status}" + (f", {o.message}" if o.message else "") for o in worth[:_MOST_HELD]]
    if len(worth) > _MOST_HELD:
        said.append(f"and {len(worth) - _MOST_HELD} more")
    return "; ".join(said)
