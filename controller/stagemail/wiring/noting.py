"""After an apply: notes what its runs stood on, so that the next one can end at once where nothing is new.

Not here: what a note is and when it holds (``unchanged``).
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stagemail.errors import StagemailError
from stagemail.model.run import Run
from stagemail.record.sqlite_file import database_path
from stagemail.wiring.installation import Installation
from stagemail.wiring.unchanged import place_of, remember


def note(installation: Installation, config: str | None, root: Path, runs: Sequence[Run]) -> None:
    """Note whole runs at committed revisions. Only beside a record in a SQLite file. Never fails a run."""
    operator = installation.operator
    if installation.is_redirected or not operator.state.startswith("sqlite:"):
        return
    with suppress(StagemailError, OSError):
        place = place_of(config, root)
        if place is None:
            return
        plugins = (installation.plugin(name) for name in sorted(operator.targets))
        remember(
            place,
            runs,
            files=[installation.path, *(file for plugin, settled in plugins for file in plugin.files(settled))],
            record=database_path(operator.state, installation.base),
            order=installation.stages(()),
            folders={stage: operator.folders_of(stage) for stage in operator.stages},
        )
