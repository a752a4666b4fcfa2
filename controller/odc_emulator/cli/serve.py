"""`odc-emulator serve`: options to settings, then the server until SIGTERM."""

import json
import sys
from pathlib import Path

import click

from odc_emulator import profiles
from odc_emulator.platform import OPERATION_SECONDS, Settings
from odc_emulator.seed import Seed, generated_seed, seed_from
from odc_emulator.server import serve


@click.command("serve")
@click.option("--port", type=int, default=0, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--profile", type=click.Choice(list(profiles.PROFILES)), help=f"Default: {profiles.DEFAULT}.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="SQLite file; left out: in memory.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="Emulated seconds per second.")
@click.option("--no-limits", is_flag=True, help="Without the published rate limits.")
@click.option(
    "--operation-seconds", type=float, default=OPERATION_SECONDS, show_default=True, help="Emulated duration."
)
@click.option(
    "--resolve", multiple=True, metavar="HOST:PORT=IP:PORT", help="Where apps find a mail server; repeatable."
)
@click.option("--ca-file", type=click.Path(path_type=Path), help="Certificate authority that apps trust.")
@click.option("--seed", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Organization as JSON.")
@click.option("--apps", type=click.IntRange(1, 100_000), help="Generate an organization with this many apps.")
@click.option("--stages", type=click.IntRange(1, 100), default=3, show_default=True, help="Stages with --apps.")
@click.option("--port-file", type=click.Path(path_type=Path), help="Write the port here when ready.")
def serve_command(
    *,
    port: int,
    profile: str | None,
    state: Path | None,
    speed: float,
    no_limits: bool,
    operation_seconds: float,
    resolve: tuple[str, ...],
    ca_file: Path | None,
    seed: Path | None,
    apps: int | None,
    stages: int,
    port_file: Path | None,
) -> None:
    """Serve an emulated organization until SIGTERM."""

    def ready(bound: int) -> None:
        if port_file is not None:
            partial = port_file.with_name(port_file.name + ".partial")
            partial.write_text(f"{bound}\n", encoding="utf-8")
            partial.replace(port_file)
        click.echo(f"odc-emulator listening on http://127.0.0.1:{bound}")
        sys.stdout.flush()

    settings = Settings(
        profile, state, speed, not no_limits, _seed(seed, apps, stages), operation_seconds, _resolve(resolve), ca_file
    )
    try:
        serve(settings, port, ready)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _seed(path: Path | None, apps: int | None, stages: int) -> Seed | None:
    if apps is not None:
        return generated_seed(apps, stages)
    return None if path is None else seed_from(json.loads(path.read_text(encoding="utf-8")))


def _resolve(pairs: tuple[str, ...]) -> dict[str, str]:
    table = {}
    for pair in pairs:
        name, equals, address = pair.partition("=")
        if not equals or ":" not in name or ":" not in address:
            raise click.BadParameter(f"{pair!r} is not HOST:PORT=IP:PORT", param_hint="--resolve")
        table[name] = address
    return table


COMMANDS = (serve_command,)
