"""What the controller works on, and what one pass of a stage gave: data between loop, passes and workers.

Not here: the loop (``loop``), passes (``automatic``), doing them for another process (``stage_work``).
"""

from collections.abc import Callable, Mapping

from stagemail.dataclass import dataclass
from stagemail.model.happening import Finished
from stagemail.model.news import News
from stagemail.model.verdict import Verdict
from stagemail.ports import Follower


@dataclass(frozen=True, slots=True)
class Followed:
    """One stage as the controller follows it. ``key``: its organization; ``interval``: seconds between two looks."""

    stage: str
    source: str
    key: str
    interval: float
    after: tuple[str, ...] = ()
    """The stages that it waits for (`dependsOn`)."""
    settled: str = ""
    """The contents that the last finished run stood on, as the record has it; "" where something is open."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass of one stage gave. ``failed``: worth trying again soon; ``again``: seconds to the next change.

    ``at_least``: the shortest interval that the platform's limits leave to looks for drift, in seconds.
    """

    finished: Finished
    failed: bool = False
    again: float = 0.0
    at_least: float = 0.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What the controller works on until the operator file changes. ``poll``: seconds between looks at a source.

    ``reconcile`` is one pass of a stage: its name, what its branch is at and may be followed, and why. It raises
    nothing but what ends the process. ``decided``: the newest decision of a person about each stage ("": about all), by
    its id; raises StagemailError.
    """

    stages: Mapping[str, Followed]
    sources: Mapping[str, Follower]
    poll: float
    reconcile: Callable[[str, Verdict, str], Passed]
    decided: Callable[[], Mapping[str, str]] = dict


def news_of(passed: Passed, seconds: float) -> News:
    """What a pass gave that took so long, as those need it who plan the next one."""
    done = passed.finished
    return News("passed", done.stage, seconds, passed.failed, passed.again, passed.at_least, bool(done.changed))
