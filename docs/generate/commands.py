"""The commands of ``stagemail`` and ``odc-emulator``, from click: usage, words, arguments and options.

Not here: exit codes, environment variables (pages of their own, written by hand and checked by tests).
"""

import inspect
from collections.abc import Iterator

import click

from docs.generate.table import code, table
from odc_emulator.cli import main as odc_emulator
from stagemail.cli.group import stagemail


def stagemail_commands() -> str:
    """Every verb."""
    return "\n".join(_section(command, path) for path, command in walk(stagemail, "stagemail"))


def emulator_commands() -> str:
    """Every command of the emulator but those of the portal, which have a table of their own."""
    found = [(path, command) for path, command in walk(odc_emulator, "odc-emulator") if " portal " not in path]
    return "\n".join(_section(command, path) for path, command in found)


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and everything below it, each with its full name."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from walk(child, f"{path} {name}")


def _section(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    parts = [f"## {path}\n", f"```text\n{usage}\n```\n", _words(text)]
    rows = [_row(option, context) for option in command.get_params(context) if isinstance(option, click.Option)]
    rows = [row for row in rows if "`--help`" not in row[0]]
    if rows:
        parts.append(table(["option", "what", "default"], rows))
    return "\n".join(parts)


def _words(text: str) -> str:
    """The paragraphs of the help; its example as code."""
    said = []
    for paragraph in text.split("\n\n"):
        words = paragraph.strip()
        said.append(f"Example: `{words.removeprefix('Example: ')}`" if words.startswith("Example: ") else words)
    return "\n\n".join(said) + "\n"


def _row(option: click.Option, context: click.Context) -> list[str]:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    takes = "" if option.is_flag else f" {code(option.make_metavar(context))}"
    words = [option.help or "How to print it."]
    words += ["Required."] if option.required else []
    words += ["May be repeated."] if option.multiple and "again" not in words[0] and "repeat" not in words[0] else []
    default = option.get_default(context)
    shown = isinstance(default, str | int | float) and not option.is_flag and default != ""
    return [names + takes, " ".join(words), code(str(default)) if shown else ""]
