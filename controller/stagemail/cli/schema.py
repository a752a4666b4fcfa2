"""``stagemail schema``: the JSON Schemas of all kinds, printed or written."""

from pathlib import Path

import click

from stagemail.cli.output import say
from stagemail.errors import NotFound
from stagemail.report.schema import schema_texts
from stagemail.resources import schemas


@click.command(name="schema")
@click.argument("kind", required=False)
@click.option("--write", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write all of them there.")
@click.option("--check", type=click.Path(path_type=Path, file_okay=False), help="Fail if the ones there are stale.")
def command(kind: str | None, folder: Path | None, check: Path | None) -> int:
    """Print the JSON Schema of a kind (or the bundle of all), write all to a folder, or check a folder.

    Example: stagemail schema EmailConfiguration
    """
    if folder is not None:
        say("\n".join(f"wrote {name}" for name in schemas.write(folder, _all())) or "up to date")
        return 0
    if check is not None:
        stale = schemas.stale(check, _all())
        say("\n".join(f"stale: {name}; run `stagemail schema --write {check}`" for name in stale) or "up to date")
        return 1 if stale else 0
    known = _all()
    name = "stagemail.schema.json" if kind is None else f"{kind}.schema.json"
    found = {file.lower(): text for file, text in known.items()}.get(name.lower())
    if found is None:
        kinds = ", ".join(sorted(file.removesuffix(".schema.json") for file in known))
        raise NotFound(f"no schema of kind {kind}", hint=f"kinds: {kinds}")
    say(found)
    return 0


def _all() -> dict[str, str]:
    """Every published schema: of what people write, and of what reports hold."""
    return {**schemas.rendered(), **schema_texts()}
