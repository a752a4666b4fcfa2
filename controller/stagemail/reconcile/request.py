"""What is asked for: one stage at one loaded revision, under one policy."""

from collections.abc import Mapping
from dataclasses import field

from stagemail.dataclass import dataclass
from stagemail.model.policy import Policy
from stagemail.model.revision import Loaded
from stagemail.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """One stage at one loaded revision. ``only`` limits the steps to these apps' labels or keys (empty: all).

    ``patience``: seconds to wait for another run's lease. ``push``: send every secret, and do nothing else.
    ``no_secrets``: ask no secret store for what the stage's documents name; only references are compared.
    """

    stage: str
    loaded: Loaded
    policy: Policy
    only: tuple[str, ...] = ()
    patience: float = 0.0
    push: bool = False
    no_secrets: bool = False
    ordered: bool = False
    """Whether whoever asks takes the stages in order, as commands and the jobs of CI do; a soak is kept anyway."""
    verdict: Verdict | None = None
    """Where the controller saw the branch. With it, people are told of the run's end and of how the stage stands then:
    both are kept as untold until that was certainly done."""
    contents: Mapping[str, str] = field(default_factory=dict)
    """By stage, what its documents are at this revision; a stage that is left out is of another repository."""

    @property
    def content(self) -> str:
        """What the stage's own documents are; its revision where nobody looked."""
        return self.contents.get(self.stage, "") or self.loaded.revision.id
