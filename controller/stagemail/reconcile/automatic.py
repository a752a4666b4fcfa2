"""One pass of one stage by the controller: through ``once``, as the CLI does it, and told as data.

Whatever stops a pass becomes data, so that one stage never stops another. Not here: when (``loop``, ``schedule``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stagemail.errors import Busy, RateLimited, StagemailError, TryLater, UserMustFix
from stagemail.model.happening import Finished
from stagemail.model.revision import Loaded
from stagemail.model.run import Run
from stagemail.model.verdict import Verdict
from stagemail.ports import Clock, Follower
from stagemail.reconcile.loop import Passed
from stagemail.reconcile.once import once
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World

BUSY_AGAIN = 15.0
"""Seconds until the next try where another run holds the organization: that is nobody's failure."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Passes of the controller. ``source_of``: by stage; ``world`` and ``request`` are made anew for each pass."""

    sources: Mapping[str, Follower]
    source_of: Mapping[str, str]
    world: Callable[[str], World]
    request: Callable[[str, Loaded], Request]
    clock: Clock

    def __call__(self, stage: str, verdict: Verdict, reason: str) -> Passed:
        """One pass of a stage."""
        start = self.clock.monotonic()
        run: Run | None = None
        error: StagemailError | None = None
        try:
            if not verdict.follow:
                raise UserMustFix(verdict.message, hint=verdict.hint)
            loaded = self.sources[self.source_of[stage]].load(verdict.follow)
            run = once(self.request(stage, loaded), self.world(stage))
        except StagemailError as problem:
            error = problem
        finished = Finished(
            stage=stage,
            source=self.source_of[stage],
            at=self.clock.now(),
            seconds=self.clock.monotonic() - start,
            reason=reason,
            revision=verdict.follow,
            wanted=verdict.tip,
            run=run,
            error=error.sentence if error else "",
        )
        failed = run.status not in ("done", "held") if run else not isinstance(error, Busy)
        return Passed(finished, failed=failed, again=_again(error))


def _again(error: StagemailError | None) -> float:
    if isinstance(error, Busy):
        return BUSY_AGAIN
    if isinstance(error, RateLimited) and error.retry_after:
        return error.retry_after
    return 0.0


def is_passing(error: StagemailError) -> bool:
    """Whether it may pass by itself."""
    return isinstance(error, TryLater)
