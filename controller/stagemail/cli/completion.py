"""``stagemail completion``: the completion script of a shell, to be sourced."""

import click
from click.shell_completion import get_completion_class


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    Example: stagemail completion bash > ~/.local/share/bash-completion/completions/stagemail
    """
    found = get_completion_class(shell)
    if found is None:  # pragma: no cover - the choice above lists what click has
        raise click.UsageError(f"no completion for {shell}")
    root = ctx.find_root().command
    click.echo(found(root, {}, "stagemail", "_STAGEMAIL_COMPLETE").source())
