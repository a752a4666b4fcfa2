"""A revision of the desired state, and what loading it gave."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from stagemail.dataclass import dataclass
from stagemail.model.problem import Problem
from stagemail.model.snapshot import Desired


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit (full hex id), or a working tree. ``dirty`` names what is not committed, at most a few paths."""

    id: str
    subject: str = ""
    author: str = ""
    at: str = ""
    dirty: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The id as people read it."""
        return self.id[:12]


@dataclass(frozen=True, slots=True)
class Commit:
    """Who last changed a line."""

    id: str
    author: str
    at: str
    subject: str


@dataclass(frozen=True, slots=True)
class Advance:
    """The way of a branch from one revision to another.

    ``forward``: the old one came before the new; ``back``: the new one came before the old; ``apart``: neither, so the
    branch was rewritten; ``same``. ``commits``: what is new on a way forward, newest first, at most as many as asked
    for; ``reverted``: full ids that any of them says it reverts.
    """

    relation: Literal["same", "forward", "back", "apart"]
    commits: tuple[Commit, ...] = ()
    reverted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that one revision says: a Desired per stage and all problems, sorted.

    ``blocked`` maps a stage to the reason why its documents must not be acted on (it has problems of its own).
    """

    revision: Revision
    stages: Mapping[str, Desired] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    files: int = 0
    documents: int = 0
