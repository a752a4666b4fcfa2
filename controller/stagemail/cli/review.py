"""``stagemail review``: the text and format of one message, before it is sent. Nothing is fetched, nothing is sent."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.session import Session
from stagemail.cli.terminal import color, width
from stagemail.errors import InvalidInput, UserMustFix
from stagemail.model import email
from stagemail.model.review import Review, ReviewLimits, ReviewSender
from stagemail.reconcile.situation import load
from stagemail.report.preflight_size import announced_size
from stagemail.report.review import review_json, review_text
from stagemail.report.review_page import review_page

try:
    from stagemail.review.reviewing import LARGEST, review_html, review_message
    from stagemail.review.showing import shown_html
except ImportError as error:
    raise UserMustFix(f"{error.name or 'a library'} is not installed", hint="pip install 'stagemail[mail]'") from None

_HTML = (".html", ".htm", ".xhtml")


@click.command(name="review")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@click.option("--stage", metavar="STAGE", help="Compare From with this stage's sender.")
@click.option("--size-limit", type=click.IntRange(1), metavar="BYTES", help="What the mail server takes (SIZE).")
@click.option(
    "--preflight", "preflight", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Take SIZE from the JSON of `stagemail preflight`.",
)  # fmt: skip
@click.option("--as", "kind", type=click.Choice(["message", "html"]), help="What FILE is [default: by its name].")
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "hint", "never"]), default="error", show_default=True,
    help="Exit with 1 from this severity on.",
)  # fmt: skip
@options.revision
@options.root
@options.formats("text", "json", "html")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    file: Path,
    stage: str | None,
    size_limit: int | None,
    preflight: Path | None,
    kind: str | None,
    fail_on: str,
    revision: str | None,
    root: Path,
    form: str,
) -> int:
    """Look at the text and format of FILE: an .eml message, or the .html of one; - reads it from the input.

    Exits with 1 where an error is found, or what `--fail-on` says. HTML is a page of its own, for a browser.

    Example: stagemail review order.html --stage qa
    """
    raw = _content(file)
    limits = ReviewLimits()
    if stage is not None:
        limits = ReviewLimits(sender=_sender(Session(ctx, root, revision), stage))
    size = (size_limit, "--size-limit") if size_limit is not None else None
    if size is None and preflight is not None:
        size = announced_size(preflight.read_text(encoding="utf-8", errors="replace"), stage or "")
    if size is not None:
        limits = ReviewLimits(limits.sender, *size)
    is_html = kind == "html" or (kind is None and file.suffix.lower() in _HTML)
    name = "input" if str(file) == "-" else file.name
    found = review_html(raw, name, limits) if is_html else review_message(raw, name, limits)
    say(_rendered(found, raw, form))
    return _code(found, fail_on)


def _rendered(found: Review, raw: bytes, form: str) -> str:
    if form == "json":
        return review_json(found)
    if form == "html":
        return review_page(found, shown_html(raw, is_html=found.kind == "html"))
    return review_text(found, width=min(80, width()), color=color())


def _code(found: Review, fail_on: str) -> int:
    grades = {"error": ("error",), "warning": ("error", "warning"), "hint": ("error", "warning", "hint"), "never": ()}
    return exits.FAILED if found.worst() in grades[fail_on] else exits.DONE


def _content(file: Path) -> bytes:
    with click.open_file(str(file), "rb") as stream:
        raw: bytes = stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise InvalidInput(
            f"{file}: more than {LARGEST // 2**20} MB", hint="no mail server takes such a message: send less, or links"
        )
    return raw


def _sender(session: Session, stage: str) -> ReviewSender:
    """The stage's sender, from its documents; no credential is read."""
    (name,) = session.stages((stage,))
    desired = load(session.request(name))
    session.progress.clear()
    if desired.configuration is None:
        raise InvalidInput(f"{name}: no email configuration claims this stage", hint="add one, or leave out --stage")
    fields = desired.configuration.fields
    address, shown = fields.get(email.SENDER_ADDRESS), fields.get(email.SENDER_NAME)
    return ReviewSender(name, str(address or ""), str(shown or ""))
