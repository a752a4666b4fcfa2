"""A session that also needs the record, secrets or the platform.

Not here: what a verb does with them.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stagemail.cli.logs import guard
from stagemail.cli.options import globals_of
from stagemail.cli.session import Session
from stagemail.errors import StagemailError
from stagemail.model.probe import Extent, Probed
from stagemail.model.sender import Believed
from stagemail.model.snapshot import Desired
from stagemail.reconcile.once import Prepared, plan
from stagemail.reconcile.situation import load
from stagemail.reconcile.stages import StageResult, each_stage
from stagemail.reconcile.world import World
from stagemail.wiring.opening import open_source
from stagemail.wiring.plugins import Stamped
from stagemail.wiring.running import Running

if TYPE_CHECKING:  # only --check-sender, and targets that can tell of changes, need them
    from stagemail.wiring.remembering import Before
    from stagemail.wiring.sender import SenderChecks


class RunSession(Session):
    """One run of a verb that speaks to the platform or reads the record."""

    @cached_property
    def running(self) -> Running:
        """Record, secret stores and targets of this run."""
        known = globals_of(self.ctx)
        self.ctx.call_on_close(guard(known.net.scrub))
        running = Running(self.installation, known.net, known.shield, known.note_begun)
        self.ctx.call_on_close(running.close)
        return running

    def world(self, stage: str) -> World:
        """The ports of one stage."""
        return self.running.world(stage, self.progress)

    def prepare(self, stage: str) -> Prepared:
        """The plan of one stage, and what it stands on."""
        return plan(self.request(stage), self.world(stage))

    def before(self, stages: Sequence[str]) -> "Before | None":
        """How record and platforms stand before anything is read, where what is found can be remembered at all."""
        try:
            targets = [self.running.target(name) for name in {self.installation.target_of(stage) for stage in stages}]
        except StagemailError:  # said with the plan
            return None
        if self.elsewhere is not None or not any(isinstance(target, Stamped) for target in targets):
            return None
        module: Any = import_module("stagemail.wiring.remembering")  # most platforms cannot tell
        found: Before | None = module.before(self.installation, stages, self.running.target)
        return found

    def remember(self, was: "Before", found: Sequence[Prepared]) -> None:
        """Keep what these whole plans found, for the next one."""
        module: Any = import_module("stagemail.wiring.remembering")
        whole = module.Whole(tuple(found), self.source, self.loaded, self.installation, self.root)
        module.remember(was, whole, self.running.target)

    def as_if(self, against: str) -> Callable[[str], Prepared]:
        """The plan of one stage as if all were as that revision says; no record, store or platform is opened."""
        base = open_source(self.root, against, self.installation).load()
        module: Any = import_module("stagemail.wiring.as_if")  # only a fork's pull request needs it
        planned: Callable[..., Prepared] = module.planned_as_if
        return lambda stage: planned(self.installation, base, self.request(stage))

    def desired(self, stage: str) -> Desired:
        """What Git wants of one stage. Raises InvalidInput, NotFound."""
        return load(self.request(stage))

    def with_server(self, stages: Sequence[str]) -> tuple[str, ...]:
        """Those of these stages for which Git describes a mail server, or cannot be read."""
        known = {stage: self.loaded_of(stage).stages.get(stage) for stage in stages}
        return tuple(stage for stage, desired in known.items() if desired is None or desired.configuration is not None)

    def preflights(self, stages: Sequence[str], asked: Extent) -> tuple[StageResult[Probed], ...]:
        """Try the mail servers of these stages, all at the same time."""
        wanted = each_stage(stages, self.desired)
        tried = self.running.mail.preflights([one.value for one in wanted if one.value is not None], asked)
        answers = {one.stage: one for one in tried}
        return tuple(answers.get(one.stage) or StageResult(one.stage, error=one.error) for one in wanted)

    def check_senders(self, stages: Sequence[str]) -> tuple[StageResult[Believed], ...]:
        """Judge the senders of these stages by DNS, all at the same time; no record is opened, no secret read."""
        module: Any = import_module("stagemail.wiring.sender")
        checks: SenderChecks = module.SenderChecks(self.installation)
        wanted = each_stage(stages, lambda stage: checks.question(self.desired(stage)))
        found = checks.check([one.value for one in wanted if one.value is not None])
        answers = {one.stage: one for one in found}
        return tuple(answers.get(one.stage) or StageResult(one.stage, error=one.error) for one in wanted)

    def forget(self) -> None:
        """Look at Git and the platform anew: what was read so far was true then."""
        self.running.close()
        for name in ("installation", "source", "loaded", "elsewhere", "contents", "running"):
            self.__dict__.pop(name, None)
