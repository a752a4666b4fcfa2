"""How the commands reach a running emulator: the `--url` option, and answers as text or JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import httpx2

from odc_emulator.client import ControlError, EmulatorControl

url_option = click.option("--url", required=True, envvar="ODC_EMULATOR_URL", help="Address of the running emulator.")
format_option = click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@contextmanager
def reached(url: str) -> Iterator[EmulatorControl]:
    """A control client; what goes wrong becomes one line for a person."""
    with EmulatorControl(url) as control:
        try:
            yield control
        except ControlError as error:
            raise click.ClickException(str(error)) from error
        except httpx2.HTTPError as error:
            raise click.ClickException(f"no emulator answers at {url}: {error}") from error


def printed(document: Any, style: str, text: Callable[[Any], str]) -> None:
    """Print a document as JSON, or as `text` makes it."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if style == "json" else text(document))


def columns(rows: list[list[object]], header: list[str]) -> str:
    """Rows as left-aligned columns."""
    cells = [header, *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)
