"""Commands on a running emulator: what it shows, what was written to it, faults, time, and emails of its apps."""

from typing import Any

import click

from odc_emulator.cli.reach import columns, format_option, printed, reached, url_option
from odc_emulator.faults import KINDS


@click.command("show")
@url_option
@format_option
@click.option("--stage", required=True, help="Stage name or key.")
@click.option("--app", help="App name or key.")
def show(url: str, style: str, stage: str, app: str | None) -> None:
    """Show a stage, or an app on it, as the portal would: set and live values, secrets masked."""
    with reached(url) as control:
        printed(control.show(stage, app), style, _shown)


def _shown(document: Any) -> str:
    if "app" not in document:
        rows = [[e["field"], e["name"], e["value"]] for e in document["entries"]]
        title = f"{document['stage']} ({document['purpose']}) {document['key']}\napps: {', '.join(document['apps'])}\n"
        return title + columns(rows, ["FIELD", "NAME", "VALUE"])
    revision = "not deployed" if document["revision"] is None else f"revision {document['revision']}"
    rows = [
        [e["field"], e["set"], e["live"], "pending" if e["pending"] else "", e["origin"]] for e in document["entries"]
    ]
    title = f"{document['app']} on {document['stage']}, {revision}, {document['key']}\n"
    return title + columns(rows, ["FIELD", "SET", "LIVE", "", "ORIGIN"])


@click.command("ledger")
@url_option
@format_option
@click.option("--since", type=int, default=0, help="Only rows after this number.")
def ledger(url: str, style: str, since: int) -> None:
    """List every write that arrived, and count the reads."""
    with reached(url) as control:
        printed({"writes": control.ledger(since), "reads": control.reads()}, style, _ledger)


def _ledger(document: Any) -> str:
    rows: list[list[object]] = []
    for row in document["writes"]:
        fields = ", ".join(v["field"] or v["key"] for v in row["values"])
        what = row["operation"] or fields
        place = "/".join(part for part in (row["stage"], row["app"]) if part)
        status = row["status"] or "dropped"
        rows.append([row["number"], row["time"], row["client"], row["method"], place, what, status, row["effect"]])
    table = columns(rows, ["NO", "TIME", "CLIENT", "METHOD", "PLACE", "WHAT", "STATUS", "EFFECT"])
    reads = ", ".join(f"{domain} {count}" for domain, count in sorted(document["reads"].items()))
    return f"{table}\nreads: {reads or 'none'}"


@click.group("fault")
def fault() -> None:
    """Order faults, list them, clear them."""


@fault.command("order", epilog="Kinds: " + "; ".join(f"{name} ({what})" for name, what in KINDS.items()))
@url_option
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--method", default="", help="Only this HTTP method.")
@click.option("--path", default="", help="Only paths that match this regular expression.")
@click.option("--after", default=0, help="Let this many matching calls pass first.")
@click.option("--times", default=1, show_default=True, help="How many calls to hit; 0 means all.")
@click.option("--status", default=0, help="For kinds status and html.")
@click.option("--seconds", default=0.0, help="Delay in wall time, with any kind.")
@click.option("--message", default="The emulator was told to fail.", help="For kinds status and apply-error.")
@click.option("--value", default="EMULATOR-OTHER", help="For kind third-value.")
def order(*, url: str, kind: str, **options: Any) -> None:
    """Order a fault."""
    with reached(url) as control:
        done = control.fault(kind, **options)
    click.echo(f"fault {done['number']}: {kind}")


@fault.command("list")
@url_option
@format_option
def list_faults(url: str, style: str) -> None:
    """List the ordered faults with how often they hit."""
    with reached(url) as control:
        printed(control.faults(), style, _faults)


def _faults(document: Any) -> str:
    rows = [[f["number"], f["kind"], f["method"], f["path"], f["hits"], f["times"]] for f in document]
    return columns(rows, ["NO", "KIND", "METHOD", "PATH", "HITS", "TIMES"])


@fault.command("clear")
@url_option
def clear(url: str) -> None:
    """Forget all faults."""
    with reached(url) as control:
        control.clear_faults()
    click.echo("no faults")


@click.command("advance")
@url_option
@click.argument("seconds", type=float)
def advance(url: str, seconds: float) -> None:
    """Move the emulated clock forward."""
    with reached(url) as control:
        control.advance(seconds)
        click.echo(f"now {control.health()['now']}")


@click.command("send")
@url_option
@format_option
@click.option("--stage", required=True, help="Stage name or key.")
@click.option("--app", required=True, help="App name or key.")
@click.option("--to", multiple=True, required=True, help="Recipient; repeatable.")
@click.option("--cc", multiple=True, help="Copy; repeatable.")
@click.option("--bcc", multiple=True, help="Blind copy; repeatable.")
@click.option("--subject", default="Hello from an emulated app", help="Subject.")
@click.option("--text", default="This email was sent by an emulated app.\n", help="Body.")
def send(
    *,
    url: str,
    style: str,
    stage: str,
    app: str,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    subject: str,
    text: str,
) -> None:
    """Let an app send an email with the configuration it runs with."""
    with reached(url) as control:
        report = control.send(stage, app, list(to), cc=list(cc), bcc=list(bcc), subject=subject, text=text)
    printed(report, style, _sent)
    if not report["sent"]:
        raise SystemExit(1)


def _sent(report: Any) -> str:
    if not report["sent"]:
        return f"not sent: {report['error']}"
    to = ", ".join(report["envelope"]["to"])
    return f"sent from {report['envelope']['from']} to {to}" + (" (test list)" if report["testList"] else "")


COMMANDS: tuple[click.Command, ...] = (show, ledger, fault, advance, send)
