"""``stagemail schema``: the JSON Schemas of all kinds, printed or written."""

import json
from pathlib import Path

import click

from stagemail.cli.output import say
from stagemail.errors import NotFound
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
        say("\n".join(f"wrote {path}" for path in schemas.write(folder)))
        return 0
    if check is not None:
        stale = schemas.stale(check)
        say("\n".join(f"stale: {name}; run `stagemail schema --write {check}`" for name in stale) or "up to date")
        return 1 if stale else 0
    known = schemas.generate()
    name = "stagemail.schema.json" if kind is None else f"{kind}.schema.json"
    found = {file.lower(): schema for file, schema in known.items()}.get(name.lower())
    if found is None:
        kinds = ", ".join(sorted(file.removesuffix(".schema.json") for file in known))
        raise NotFound(f"no schema of kind {kind}", hint=f"kinds: {kinds}")
    say(json.dumps(found, indent=2, ensure_ascii=False))
    return 0
