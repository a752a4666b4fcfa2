"""What verbs on stages start from: the installation, the loaded revision, the selected stages.

Not here: what a verb does with them; record, secrets and platform (``run_session``).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from stagemail.cli.options import globals_of
from stagemail.cli.output import ProgressLine
from stagemail.dataclass import dataclass
from stagemail.model.revision import Loaded
from stagemail.model.snapshot import Desired
from stagemail.ports import Source
from stagemail.reconcile.request import Request
from stagemail.reconcile.scrubbed import error_without_secrets
from stagemail.reconcile.stages import StageResult, each_stage
from stagemail.wiring.installation import Installation
from stagemail.wiring.opening import Begun, begun, open_installation, open_source
from stagemail.wiring.places import root_of

Result = TypeVar("Result")


@dataclass
class Session:
    """One run of a verb. ``revision`` None is the working tree."""

    ctx: click.Context
    root: Path
    revision: str | None = None
    automatic: bool = False
    apps: tuple[str, ...] = ()
    patience: float = 0.0
    no_secrets: bool = False

    def __post_init__(self) -> None:
        self.root = root_of(self.root)
        self.progress = ProgressLine()
        self.ahead: Begun | None = None

    @cached_property
    def installation(self) -> Installation:
        """The operator file's. Raises NotFound, InvalidInput."""
        known = globals_of(self.ctx)
        if known.ahead is not None:
            self.ahead = begun(known.ahead, self.root)
        return open_installation(known.config, self.root, known.state)

    @cached_property
    def source(self) -> Source:
        """The working tree, or the revision."""
        installation = self.installation
        return open_source(self.root, self.revision, installation, self.ahead)

    @cached_property
    def loaded(self) -> Loaded:
        """Every stage's desired state."""
        self.progress("reading documents", 0, 0)
        return self.source.load()

    @cached_property
    def elsewhere(self) -> Any:
        """Stages whose documents are not in this checkout (``wiring.elsewhere``); None: there are none."""
        operator = self.installation.operator
        if operator.source.url is None and not operator.sources:
            return None
        found: Any = import_module("stagemail.wiring.elsewhere")
        return found.Elsewhere(self.installation, self.root, self.revision, globals_of(self.ctx).net)

    def is_elsewhere(self, stage: str) -> bool:
        """Whether a stage's documents are in another repository than this checkout."""
        return self.elsewhere is not None and bool(self.elsewhere.has(stage))

    def loaded_of(self, stage: str) -> Loaded:
        """The desired state of a stage, and of those beside it. Raises what reading its repository raises."""
        found: Loaded = self.elsewhere.loaded(stage) if self.is_elsewhere(stage) else self.loaded
        return found

    def root_of(self, stage: str) -> Path:
        """The repository that a stage's documents are in."""
        found: Path = self.elsewhere.root(stage) if self.is_elsewhere(stage) else self.root
        return found

    def contents_of(self, stage: str) -> Mapping[str, str]:
        """What the documents of each stage are, as the repository of this one has them."""
        found: Mapping[str, str] = self.elsewhere.contents(stage) if self.is_elsewhere(stage) else self.contents
        return found

    def stages(self, *named: tuple[str, ...]) -> tuple[str, ...]:
        """The selected stages in order."""
        return self.installation.stages(tuple(dict.fromkeys(stage for names in named for stage in names)))

    def desired_of(self, stage: str) -> Desired | None:
        """What Git wants of a stage, wherever its documents are; None where they say nothing. Raises as a read."""
        return self.loaded_of(stage).stages.get(stage)

    @cached_property
    def contents(self) -> Mapping[str, str]:
        """What the documents of each stage are at this revision."""
        sources: Any = import_module("stagemail.wiring.elsewhere")  # only a soak asks
        found: Mapping[str, str] = sources.contents_here(self.installation, self.root, self.loaded.revision.id)
        return found

    def request(self, stage: str) -> Request:
        """One stage of this run."""
        asked = self.installation.request(
            stage, self.loaded_of(stage), automatic=self.automatic, only=self.apps, patience=self.patience
        )
        # Git is asked for it, and only a soak compares it.
        contents = self.contents_of(stage) if asked.policy.gating.soak else {}
        return replace(asked, no_secrets=self.no_secrets, ordered=True, contents=contents)

    def each(self, stages: tuple[str, ...], work: Callable[[str], Result]) -> tuple[StageResult[Result], ...]:
        """Do the work for every stage; one that fails does not stop another."""
        results = each_stage(stages, work)
        for result in results:
            if result.error is not None:
                error_without_secrets(result.error, globals_of(self.ctx).net.scrub)
        self.progress.clear()
        return results
