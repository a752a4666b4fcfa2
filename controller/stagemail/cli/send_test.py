"""``stagemail send-test``: one marked message through a stage's real configuration."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.output import say
from stagemail.cli.run_session import RunSession
from stagemail.cli.terminal import color, width
from stagemail.errors import UsageError
from stagemail.reconcile.send_test import Asked
from stagemail.report.send_test import send_test_json, send_test_text

_CODES = {"accepted": exits.DONE, "refused": exits.FAILED, "not-sent": exits.FAILED, "unknown": exits.PARTLY}


@click.command(name="send-test")
@click.option("--stage", metavar="STAGE", help="The stage whose configuration is used.")
@click.option("--app", default="", metavar="APP", help="The app whose recipients rule counts; left out: the stage's.")
@click.option("--template", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="An .html or .txt file.")
@click.option("--subject", default="", help="The subject [default: the template's title].")
@click.option("--to", multiple=True, metavar="ADDRESS", help="Who gets it; may be given again.")
@click.option("--cc", multiple=True, metavar="ADDRESS", help="Who gets a copy; may be given again.")
@click.option("--bcc", multiple=True, metavar="ADDRESS", help="Who gets a hidden copy; may be given again.")
@click.option("--id", "id_", default="", metavar="ID", help="Send this one at most once, ever.")
@click.option("--settle", metavar="ID", help="Tell what became of a message of which nobody knows.")
@click.option("--as", "outcome", type=click.Choice(["arrived", "lost"]), help="With --settle: what you found.")
@options.revision
@options.root
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    stage: str | None,
    app: str,
    template: Path | None,
    subject: str,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    id_: str,
    settle: str | None,
    outcome: str | None,
    revision: str | None,
    root: Path,
    form: str,
) -> int:
    """Send one message, marked as a test, to whom the stage's recipients rule allows.

    While a test list is on, only its members get it, also instead of Cc and Bcc. Else only addresses that the
    operator file allows (`mail.testRecipients`). Exits with 1 where it was not taken, with 5 where nobody knows.

    Example: stagemail send-test --stage qa --app CRM --template order.html --to qa@example.com
    """
    session = RunSession(ctx, root, revision)
    if settle is not None or outcome is not None:
        if settle is None or outcome is None:
            raise UsageError("--settle and --as belong together", hint="--settle ID --as arrived, or --as lost")
        found = session.running.mail.settle(settle, "arrived" if outcome == "arrived" else "lost")
        again = (
            "it may be sent again"
            if outcome == "lost"
            else "an equal message may be sent without --id, or under another"
        )
        say(f"{found.id} is settled as {outcome}: {again}")
        return exits.DONE
    if not stage:
        raise UsageError("say through which stage's configuration", hint="--stage qa")
    (name,) = session.stages((stage,))
    content = template.read_bytes() if template else b"Does this message reach you?\n"
    is_html = template is not None and template.suffix.lower() in (".html", ".htm")
    asked = Asked(app, to, cc, bcc, content, subject, id_)
    called = template.name if template else ""
    done = session.running.mail.send_test(session.desired(name), asked, called, is_html=is_html)
    say(send_test_json(done) if form == "json" else send_test_text(done, width=width(), color=color()))
    return _CODES[done.delivery]
