"""The command group: loads a command's module only when that command runs."""

import importlib

import click

from odc_emulator import profiles

COMMANDS = {
    "serve": ("serve", "Serve an emulated organization until SIGTERM."),
    "show": ("operate", "Show a stage, or an app on it, as the portal would."),
    "ledger": ("operate", "List every write that arrived, and count the reads."),
    "portal": ("portal", "Do by hand what people do in ODC's portal."),
    "fault": ("operate", "Order faults, list them, clear them."),
    "advance": ("operate", "Move the emulated clock forward."),
    "send": ("operate", "Let an app send an email with the configuration it runs with."),
    "sink": ("mail", "Keep every email in a directory, until SIGTERM."),
    "inbox": ("mail", "List what the sink kept: to whom, from whom, subject."),
    "profiles": ("", "Print the profiles: one choice each for everything undocumented."),
}


class CommandGroup(click.Group):
    """Commands by the module that holds them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """The command, from its module's COMMANDS."""
        module, _ = COMMANDS.get(cmd_name, ("", ""))
        if not module:
            return list_profiles if cmd_name in COMMANDS else None
        found: dict[str, click.Command] = {
            command.name or "": command for command in importlib.import_module(f"odc_emulator.cli.{module}").COMMANDS
        }
        return found[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list in --help, without loading any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A local OutSystems Developer Cloud: its public API, its portal's hand, its apps' emails."""


@click.command("profiles")
def list_profiles() -> None:
    """Print the profiles: one choice each for everything undocumented."""
    click.echo(profiles.table())
