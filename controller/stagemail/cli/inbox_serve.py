"""``stagemail inbox serve``: listens until it is told to stop. Not here: looking into the inbox (``inbox``)."""

import os
import secrets
from pathlib import Path

import click

from stagemail.cli import exits
from stagemail.cli.output import say
from stagemail.errors import UsageError, UserMustFix
from stagemail.model.inbox import InboxLimits
from stagemail.wiring.opening import clock

try:
    from stagemail.inbox.api import LOOPBACK
    from stagemail.inbox.certificate import CERTIFICATE, context_of
    from stagemail.inbox.serving import HttpSettings, serve
    from stagemail.inbox.smtp import SmtpSettings
except ImportError as error:
    raise UserMustFix(f"{error.name or 'a library'} is not installed", hint="pip install 'stagemail[mail]'") from None

FOLDER = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("inbox"), show_default=True,
    help="Where the messages are.",
)  # fmt: skip
_FILE = click.Path(path_type=Path, dir_okay=False)
_PORT = click.IntRange(0, 65535)
_SOME = click.IntRange(1)


@click.command(name="serve")
@FOLDER
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=_PORT, default=2525, show_default=True, help="SMTP; 0: any free one.")
@click.option(
    "--name", "names", multiple=True, help="A name in its certificate [default: localhost]; may be given again."
)
@click.option("--user", default="inbox", show_default=True, help='Who logs in; "" lets everybody in.')
@click.option("--password-file", type=_FILE, help="The file with the password.")
@click.option("--password-env", metavar="VARIABLE", help="The variable with the password.")
@click.option("--login-in-clear", is_flag=True, help="Also take logins without TLS.")
@click.option("--http-port", type=_PORT, help="Serve the HTTP API there; 0: any free one.")
@click.option("--http-host", default="127.0.0.1", show_default=True, help="The address of the HTTP API.")
@click.option("--token-env", metavar="VARIABLE", help="The variable with the API's token; a must beyond loopback.")
@click.option("--size", type=click.IntRange(1000), default=10_000_000, show_default=True, help="Bytes of a message.")
@click.option("--recipients", type=_SOME, default=100, show_default=True, help="Recipients of a message.")
@click.option("--sessions", type=_SOME, default=100, show_default=True, help="Sessions at a time.")
@click.option("--idle", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds a command may take.")
@click.option("--keep", type=_SOME, default=10_000, show_default=True, help="Messages that are kept.")
@click.option("--keep-bytes", type=_SOME, default=512 * 2**20, show_default=True, help="Bytes that are kept.")
@click.option("--keep-days", type=_SOME, default=30, show_default=True, help="Days that messages are kept.")
@click.option("--port-file", type=_FILE, help="Write the ports there once it listens, a line each.")
def serve_command(
    *, folder: Path, host: str, port: int, names: tuple[str, ...], user: str, password_file: Path | None,
    password_env: str | None, login_in_clear: bool, http_port: int | None, http_host: str, token_env: str | None,
    size: int, recipients: int, sessions: int, idle: float, keep: int, keep_bytes: int, keep_days: int,
    port_file: Path | None,
) -> int:  # fmt: skip
    """Listen until Ctrl-C or SIGTERM. A message that got 250 is on disk; over the limits the oldest go.

    STARTTLS uses a certificate that is made here (certificate.pem in the folder); a login is taken only after it.
    Where no password is given, one is made and kept in the folder (password, 0600).

    Example: stagemail inbox serve --port 2525 --http-port 8025
    """
    token = _variable(token_env) if token_env else ""
    if http_port is not None and http_host not in LOOPBACK and not token:
        raise UsageError("beyond loopback the HTTP API needs a token", hint="--token-env VARIABLE")
    known = names or ("localhost", "127.0.0.1")
    time = clock()
    tls = context_of(folder, known, time.now())
    word = _password(folder, password_file, password_env) if user else ""
    smtp = SmtpSettings(
        host=host, port=port, hostname=known[0], certificate=tls, user=user, password=word,
        login_in_clear=login_in_clear, size=size, recipients=recipients, sessions=sessions, idle=idle,
    )  # fmt: skip

    def ready(bound: int, web: int | None) -> None:
        say(f"inbox: SMTP on {host}:{bound}, STARTTLS with {folder / CERTIFICATE}, {_login(folder, user)}")
        if web is not None:
            say(f"inbox: HTTP API on http://{http_host}:{web}/messages, described at /openapi.json")
        if port_file:
            partial = port_file.with_name(f"{port_file.name}.partial")
            partial.write_text(f"{bound}\n{web if web is not None else ''}\n", encoding="utf-8")
            partial.replace(port_file)

    limits = InboxLimits(keep, keep_bytes, keep_days * 86400)
    serve((folder, smtp, HttpSettings(http_host, http_port, token)), limits, time, ready)
    say("inbox: stopped; every message that was accepted is kept")
    return exits.DONE


def _login(folder: Path, user: str) -> str:
    return f"log in as {user} ({folder / 'password'} unless you gave one)" if user else "no login"


def _password(folder: Path, file: Path | None, variable: str | None) -> str:
    """The given one, or the folder's; made where there is none. Raises UsageError."""
    if file and variable:
        raise UsageError("--password-file and --password-env exclude each other", hint="give one of them")
    if variable:
        return _variable(variable)
    path = file or folder / "password"
    if file is None and not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
            made.write(secrets.token_urlsafe(18) + "\n")
    found = path.read_text(encoding="utf-8").strip()
    if not found:
        raise UsageError(f"{path} is empty", hint="write the password into it")
    return found


def _variable(name: str) -> str:
    found = os.environ.get(name, "")
    if not found:
        raise UsageError(f"the variable {name} is not set", hint=f"export {name}=…")
    return found
