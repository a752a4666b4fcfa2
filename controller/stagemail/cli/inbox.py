"""``stagemail inbox``: a mail server that accepts everything and delivers nothing, and a look into it.

Not here: the server's options (``inbox_serve``).
"""

from email import message_from_bytes, policy
from email.errors import MessageError
from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.inbox_serve import FOLDER, serve_command
from stagemail.cli.output import say
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.inbox.store import Reader
from stagemail.report.inbox import inbox_json, inbox_text, message_text

_LIMIT = click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Messages at most.")
_FAULTS = (LookupError, ValueError, TypeError, AttributeError, RecursionError, MessageError)
"""What the library's parser raises for what others sent."""
_NUMBER = click.argument("number", type=click.IntRange(1, 2**62))


@click.group(name="inbox")
def command() -> None:
    """Take mail in and look at it; nothing is ever delivered.

    Example: stagemail inbox serve --port 2525
    """


command.add_command(serve_command)


@command.command(name="list")
@FOLDER
@_LIMIT
@options.formats("text", "json")
def list_command(*, folder: Path, limit: int, form: str) -> int:
    """List messages, the newest first, and how many the limits dropped.

    Example: stagemail inbox list
    """
    return _listed(folder, "", limit, form)


@command.command(name="search")
@click.argument("words", nargs=-1, required=True)
@FOLDER
@_LIMIT
@options.formats("text", "json")
def search(*, words: tuple[str, ...], folder: Path, limit: int, form: str) -> int:
    """List messages in which all WORDS occur: in envelope, From, Subject or text. Case does not matter.

    Example: stagemail inbox search order crm-test@example.com
    """
    return _listed(folder, " ".join(words), limit, form)


@command.command(name="show")
@_NUMBER
@FOLDER
@options.formats("text", "json")
def show(*, number: int, folder: Path, form: str) -> int:
    """Show one message: its envelope, and what it says.

    Example: stagemail inbox show 1
    """
    reader = Reader(folder)
    found, content = reader.message(number)
    if form == "json":
        say(inbox_json((found,), reader.state()))
    else:
        say(message_text(found, _body(content), width=width(), color=color()))
    return exits.DONE


@command.command(name="export")
@_NUMBER
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@FOLDER
def export(*, number: int, file: Path, folder: Path) -> int:
    """Write one message to FILE as it came, for `stagemail review` or a mail client.

    Example: stagemail inbox export 1 order.eml
    """
    _, content = Reader(folder).message(number)
    file.write_bytes(content)
    say(f"wrote {file}: message {number}, {len(content):,} bytes")
    return exits.DONE


@command.command(name="clear")
@click.argument("numbers", nargs=-1, type=click.IntRange(1, 2**62))
@click.option("--all", "everything", is_flag=True, help="All messages.")
@FOLDER
def clear(*, numbers: tuple[int, ...], everything: bool, folder: Path) -> int:
    """Delete messages by their numbers, or all.

    Example: stagemail inbox clear --all
    """
    if bool(numbers) == everything:
        raise UsageError("say which messages", hint="numbers of `stagemail inbox list`, or --all")
    reader = Reader(folder)
    gone = reader.clear() if everything else sum(reader.clear(number) for number in dict.fromkeys(numbers))
    say(f"deleted {gone} message{'' if gone == 1 else 's'}; {reader.state().messages} left")
    return exits.DONE


def _listed(folder: Path, words: str, limit: int, form: str) -> int:
    reader = Reader(folder)
    found, state = reader.messages(words, limit), reader.state()
    say(inbox_json(found, state) if form == "json" else inbox_text(found, state, width=width(), color=color()))
    return exits.DONE


def _body(content: bytes) -> str:
    """The message's text, or its HTML as it is; "" where it has neither. Bounded."""
    try:
        part = message_from_bytes(content[: 2**20], policy=policy.default).get_body(("plain", "html"))
        return str(part.get_content())[:100_000] if part is not None else ""
    except _FAULTS:
        return content[:100_000].decode("utf-8", "replace")
