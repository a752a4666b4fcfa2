"""Which folders the stages of an operator file have: the same for its model and for what stands in for it.

Not here: the file's shape (``operator``), reading folders (``source.tree``).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stagemail.resources.sources import Source


class Folders:
    """Of an operator file with ``source``, ``sources`` and ``stages``."""

    if TYPE_CHECKING:  # pydantic would take them for fields of a mixin
        source: Source
        sources: Mapping[str, Source]
        stages: Mapping[str, Any]

    def folders_of(self, stage: str) -> tuple[str, ...]:
        """The folders of a stage's documents, from the repository's root."""
        written = self.stages[stage].folders
        if written is not None:
            return tuple(written)
        path = self.source_of(stage).path
        return (stage,) if path == "." else (f"{path}/{stage}",)

    def source_of(self, stage: str) -> "Source":
        """Where a stage's documents are."""
        name = self.stages[stage].source
        return self.source if name is None else self.sources[name]

    def folders(self) -> tuple[str, ...]:
        """Every folder that must be read: the source's and those of all stages, sorted, none below another."""
        wanted = {folder for stage in self.stages for folder in self.folders_of(stage)}
        wanted |= set() if self.source.path == "." else {self.source.path}
        return tuple(sorted(folder for folder in wanted if not any(folder.startswith(f"{other}/") for other in wanted)))
