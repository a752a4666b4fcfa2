"""The command group and its one error boundary."""

import click

from odc_emulator import profiles
from odc_emulator.cli import mail, operate, portal, serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A local OutSystems Developer Cloud: its public API, its portal's hand, its apps' emails."""


@main.command("profiles")
def list_profiles() -> None:
    """Print the profiles: one choice each for everything undocumented."""
    click.echo(profiles.table())


for _command in (serve.serve_command, portal.portal, *operate.COMMANDS, *mail.COMMANDS):
    main.add_command(_command)
