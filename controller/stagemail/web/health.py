"""Whether the controller works, and whether it is of use already: what service managers and balancers ask.

Implements ``ports.Observer``. Not here: the port (``app``).
"""

from collections.abc import Callable, Iterable
from threading import Lock

from stagemail.model.happening import Finished, Happening, Looked


class Health:
    """``quiet``: seconds since the loop last went round; more than ``patience`` of them mean that it hangs.

    ``record``: why the record cannot be read now, "" where it can.
    """

    def __init__(
        self,
        quiet: Callable[[], float],
        sources: Callable[[], Iterable[str]],
        patience: float,
        record: Callable[[], str] = str,
    ) -> None:
        self._quiet = quiet
        self._sources = sources
        self._patience = patience
        self._record = record
        self._lock = Lock()
        self._errors: dict[str, str] = {}
        self._away: dict[str, str] = {}

    def saw(self, happening: Happening) -> None:
        """Remember how each source was last seen, and which stages' platforms did not answer."""
        if isinstance(happening, Looked):
            with self._lock:
                self._errors[happening.source] = "" if happening.revision else happening.error
        elif isinstance(happening, Finished):
            is_away = any(c.type == "Ready" and c.status == "Unknown" for c in happening.conditions)
            with self._lock:
                self._away[happening.stage] = happening.error if is_away else ""

    def healthz(self) -> tuple[int, str]:
        """200 while the loop goes round, whatever Git and the platforms do: a restart would not mend those."""
        quiet = self._quiet()
        if quiet > self._patience:
            return 503, f"the loop has not gone round for {quiet:.0f} s\n"
        return 200, "ok\n"

    def readyz(self) -> tuple[int, str]:
        """200 once every source was seen, and as long as any source, any stage's platform and the record answer."""
        error = self._record()
        if error:
            return 503, f"the record: {error}\n"
        with self._lock:
            away = dict(self._away)
            known = {name: self._errors.get(name) for name in sorted(self._sources())}
        waiting = [name for name, error in known.items() if error is None]
        if waiting:
            return 503, f"not seen yet: {', '.join(waiting)}\n"
        if known and all(known.values()):
            return 503, "".join(f"{name}: {error}\n" for name, error in known.items())
        if away and all(away.values()):
            return 503, "".join(f"{name}: {error}\n" for name, error in sorted(away.items()))
        return 200, "ready\n"
