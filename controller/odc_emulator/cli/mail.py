"""`odc-emulator sink` and `inbox`: the mail server that keeps everything, and what it kept."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

import click

from odc_emulator.cli.reach import columns, format_option, printed
from odc_emulator.client import EmulatorControl
from odc_emulator.sink import SinkSettings, inbox, listening


@click.command("sink")
@click.option("--port", type=int, default=0, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--dir", "directory", type=click.Path(path_type=Path), required=True, help="Messages and certificates.")
@click.option("--hostname", default="smtp.example.com", show_default=True, help="The name its certificate is for.")
@click.option("--user", help="Require AUTH PLAIN or LOGIN with this user.")
@click.option("--password-file", type=click.Path(path_type=Path, exists=True), help="The user's password.")
@click.option("--oauth-url", help="Require XOAUTH2 with a token of the emulator at this address.")
@click.option("--implicit-tls", is_flag=True, help="TLS from the first byte (port 465) instead of STARTTLS.")
@click.option("--port-file", type=click.Path(path_type=Path), help="Write the port here when ready.")
def sink(
    *,
    port: int,
    directory: Path,
    hostname: str,
    user: str | None,
    password_file: Path | None,
    oauth_url: str | None,
    implicit_tls: bool,
    port_file: Path | None,
) -> None:
    """Keep every email in a directory, until SIGTERM."""
    if (user is None) != (password_file is None):
        raise click.UsageError("--user and --password-file belong together")
    password = None if password_file is None else password_file.read_text(encoding="utf-8").rstrip("\n")

    def check(token: str) -> bool:
        with EmulatorControl(oauth_url or "") as control:
            return control.token_is_valid(token)

    settings = SinkSettings(
        directory, hostname, port, user, password, implicit_tls, None if oauth_url is None else check
    )
    try:
        asyncio.run(_serve(settings, port_file))
    except OSError as error:
        raise click.ClickException(str(error)) from error


async def _serve(settings: SinkSettings, port_file: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with listening(settings) as port:
        if port_file is not None:
            partial = port_file.with_name(port_file.name + ".partial")
            partial.write_text(f"{port}\n", encoding="utf-8")
            partial.replace(port_file)
        click.echo(f"odc-emulator sink listening on 127.0.0.1:{port}")
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()


@click.command("inbox")
@format_option
@click.option("--dir", "directory", type=click.Path(path_type=Path, exists=True), required=True, help="The sink's.")
def list_inbox(style: str, directory: Path) -> None:
    """List what the sink kept: to whom it was sent (the envelope), from whom, subject."""
    printed(inbox(directory), style, _inbox)


def _inbox(document: Any) -> str:
    rows = [[m["number"], ", ".join(m["to"]), m["From"], m["Subject"]] for m in document]
    return columns(rows, ["NO", "TO", "FROM", "SUBJECT"])


COMMANDS: tuple[click.Command, ...] = (sink, list_inbox)
