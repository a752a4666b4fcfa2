"""Where the published schemas are on this machine: in the installed package, or beside the source of an editable one.

Not here: making them (``schemas``).
"""

from functools import lru_cache
from pathlib import Path

from stagemail.errors import NotFound

_MARK = "stagemail.schema.json"
_PACKAGE = Path(__file__).parents[1]


@lru_cache(maxsize=1)
def schema_folder() -> Path:
    """The folder of the schemas. Raises NotFound.

    A wheel holds them in ``stagemail/schemas``. An editable install does not show files that the build adds, so there
    they are read from the repository, in ``schemas`` beside ``controller``.
    """
    package = _PACKAGE
    for folder in (package / "schemas", package.parent.parent / "schemas"):
        if (folder / _MARK).is_file():
            return folder
    raise NotFound(
        f"the JSON Schemas of stagemail are neither in {package / 'schemas'} nor in the source's schemas folder",
        hint="install stagemail again; in a checkout run `stagemail schema --write`",
    )


@lru_cache(maxsize=1)
def sample_folder() -> Path:
    """The folder of the sample (operator file and environments), found as the schemas are. Raises NotFound."""
    package = _PACKAGE
    for folder in (package / "sample", package.parent.parent):
        if (folder / "environments").is_dir() and (folder / "stagemail.yaml").is_file():
            return folder
    raise NotFound(f"the sample of stagemail is not in {package / 'sample'}", hint="install stagemail again")
