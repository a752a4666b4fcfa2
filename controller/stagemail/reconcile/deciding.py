"""What people decide about stages: automation rests or goes on, a plan may be applied. It needs a record, no server.

Not here: what a decision does (``gates``), who is who (``wiring.identity``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stagemail.errors import NotFound, UsageError, UserMustFix
from stagemail.model.plan import Plan
from stagemail.model.revision import Commit
from stagemail.model.standing import Decision
from stagemail.ports import Entry, Record, Standings
from stagemail.reconcile.gates import plan_fingerprint, suspension_of, to_approve


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides: ``actor`` as runs name them, ``identity`` as Git does (``Name <address>``)."""

    actor: str
    identity: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where decisions are written down."""

    record: Record
    standings: Standings
    new_id: Callable[[], str]
    now: datetime
    person: Person

    def suspend(self, stages: Sequence[str], reason: str, seconds: int) -> tuple[Decision, ...]:
        """Let automation rest. A stage "" is all of them; ``seconds`` 0: until somebody resumes."""
        until = self.now + timedelta(seconds=seconds) if seconds else None
        made = [
            Decision(self.new_id(), "suspend", stage, self.person.actor, self.now, reason, until, identity=self._who())
            for stage in stages
        ]
        return self._kept(made)

    def resume(self, stages: Sequence[str], reason: str) -> tuple[Decision, ...]:
        """Let automation go on. Raises NotFound where none of these rests."""
        own = self._suspended()
        resting = [stage for stage in stages if stage in own]
        if not resting:
            hint = ", ".join(_ends(sorted(own))) or "there is nothing to do"
            raise NotFound(f"{', '.join(stages) or 'all stages'}: not suspended", hint=hint)
        made = [
            Decision(self.new_id(), "resume", stage, self.person.actor, self.now, reason, identity=self._who())
            for stage in resting
        ]
        return self._kept(made)

    def rest_of(self, stages: Sequence[str]) -> tuple[str, ...]:
        """What still lets these stages rest, and how that is ended. A stage "" is all of them."""
        own = self._suspended()
        left = [stage for stage in sorted(own) if not stage or stage in stages or "" in stages]
        return _ends(left)

    def _suspended(self) -> frozenset[str]:
        """The stages that rest by a suspension of their own; "" where all of them do."""
        by_stage: dict[str, list[Decision]] = {}
        for decision in self.standings.decisions():
            by_stage.setdefault(decision.stage, []).append(decision)
        return frozenset(stage for stage, mine in by_stage.items() if suspension_of(stage, mine, self.now))

    def approve(self, plan: Plan, commits: Sequence[Commit], expected: str, reason: str) -> Decision:
        """Approve exactly this plan. Raises UsageError where it is another one, UserMustFix for an author's own."""
        if not to_approve(plan):
            raise NotFound(f"{plan.stage}: nothing in its plan needs an approval", hint=f"stagemail plan {plan.stage}")
        found = plan_fingerprint(plan)
        if expected and not found.startswith(expected):
            raise UsageError(
                f"{plan.stage}: the plan is {found[:12]} now, not {expected[:12]}",
                hint="look at it, then approve",
            )
        if not _address(self.person.identity):
            raise UserMustFix(
                f"{plan.stage}: Git does not know who you are, so nobody can tell you from the commits' authors",
                hint="`git config --global user.email YOU@EXAMPLE.COM`, and user.name, then approve",
            )
        own = next((commit for commit in commits if self._is_mine(commit)), None)
        if own is not None:
            raise UserMustFix(
                f"{plan.stage}: commit {own.id[:12]} is by {own.author}: another person than its author approves",
                hint="ask a colleague to run `stagemail approve`",
            )
        decision = Decision(
            self.new_id(), "approve", plan.stage, self.person.actor, self.now, reason, None, found, plan.revision,
            self._who(),
        )  # fmt: skip
        return self._kept([decision])[0]

    def _is_mine(self, commit: Commit) -> bool:
        return bool(_address(commit.author)) and _address(commit.author) == _address(self.person.identity)

    def _who(self) -> str:
        return self.person.identity

    def _kept(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        self.record.append([Entry(decision=decision) for decision in decisions], None)
        return tuple(decisions)


def _ends(stages: Sequence[str]) -> tuple[str, ...]:
    """How the suspensions of these are ended, in words."""
    words = [f"`stagemail resume {stage}` ends that of {stage}" for stage in stages if stage]
    every = ["`stagemail resume --all` ends that of all stages"] if "" in stages else []
    return (*every, *words)


def _address(identity: str) -> str:
    return identity.partition("<")[2].partition(">")[0].strip().casefold()
