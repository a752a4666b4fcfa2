"""``stagemail import``: a live organization as operator file, mapping and documents, written once; nothing changes."""

from pathlib import Path

import click

from stagemail.cli import exits, options
from stagemail.cli.first_files import refuse_present, write_first
from stagemail.cli.logs import guard
from stagemail.cli.output import ProgressLine, say
from stagemail.cli.terminal import color, width
from stagemail.errors import NotFound
from stagemail.reconcile.adopt import Adoption, adopt, needed
from stagemail.reconcile.adopt_documents import FOLDER, MAPPING, OPERATOR, OWN_KEY, PREFIX, Organization, documents
from stagemail.report.adoption import ImportedStage, ImportReport, NeededSecret, Remark, import_json, import_text
from stagemail.wiring.importing import prove
from stagemail.wiring.odc_import import Seen, checks, mapping_text, parsed, read_organization
from stagemail.wiring.opening import clock


@click.command(name="import")
@click.option("--domain", required=True, metavar="DOMAIN", help="The organization's domain.")
@click.option("--client-id", required=True, metavar="ID", help="The API client's id.")
@click.option(
    "--portfolio",
    "portfolios",
    multiple=True,
    metavar="NAME",
    help="The portfolio, where there are several; may be given again.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to write; never over a file that is there [default: here].",
)
@options.formats("text", "json")
@click.pass_context
def command(
    ctx: click.Context, *, domain: str, client_id: str, portfolios: tuple[str, ...], folder: Path, form: str
) -> int:
    """Write a live organization down as it is: operator file (read-only), mapping, environments/. Sends no write.

    Needs the API client's secret in STAGEMAIL_ODC_CLIENT_SECRET. Before anything is written it is checked that the
    files validate and that a plan of them is empty. Exits with 5 where some stages could not be read.

    Example: stagemail import --domain acme.outsystems.dev --client-id 3f2a91c0-stagemail
    """
    refuse_present(folder, [OPERATOR, MAPPING, FOLDER], "import")
    organization = Organization(domain, client_id, portfolios)
    progress = ProgressLine()
    ctx.call_on_close(guard(options.globals_of(ctx).net.scrub))
    seen = read_organization(organization, clock(), progress, options.globals_of(ctx).net)
    adoption = adopt(seen.stages)
    told = tuple(sorted({*adoption.remarks, *seen.remarks, *seen.failed}))
    if not adoption.configurations:
        progress.clear()
        raise _nothing(domain, told)
    files = _files(adoption, organization, seen)
    progress.clear()
    net = options.globals_of(ctx).net
    write_first(folder, {path: net.scrub(text) for path, text in files.items()})
    report = _report(adoption, organization, files, told)
    say(import_json(report) if form == "json" else import_text(report, width=width(), color=color()))
    return exits.PARTLY if seen.failed else exits.DONE


def _files(adoption: Adoption, organization: Organization, seen: Seen) -> dict[str, str]:
    """Every file, proven to leave the platform as it is."""
    names = [stage for each in adoption.configurations for stage in each.names]
    mapping = mapping_text(seen.mapping_without(adoption.unsupported, names))
    written = documents(adoption, organization)
    prove(written, seen.stages, checks(parsed(mapping)), clock().now().date())
    return {**written, MAPPING: mapping}


def _nothing(domain: str, told: tuple[Remark, ...]) -> NotFound:
    reasons = "; ".join(f"{remark.stage}: {remark.message}" for remark in told if remark.kind == "not-imported")
    return NotFound(f"{domain}: no stage can be imported: {reasons}", hint="mend it there, or begin with `init`")


def _report(
    adoption: Adoption, organization: Organization, files: dict[str, str], told: tuple[Remark, ...]
) -> ImportReport:
    stages = [
        ImportedStage(
            found.stage,
            found.environment,
            found.purpose,
            each.name,
            sum(app.bindable for app in found.inventory.apps),
            sum(len(apps) for _, apps in bound.groups),
        )
        for each in adoption.configurations
        for found, bound in each.stages
    ]
    own = NeededSecret(PREFIX + OWN_KEY, f"secret of the API client {organization.client_id}")
    return ImportReport(
        organization.domain,
        tuple(sorted(files)),
        tuple(sorted(stages, key=lambda it: it.stage)),
        needed(adoption, own, PREFIX),
        tuple(remark for remark in told if _is_of(remark, stages)),
    )


def _is_of(remark: Remark, stages: list[ImportedStage]) -> bool:
    """What was said of a stage that was left out is the reason for that, and no more."""
    return remark.kind == "not-imported" or any(it.stage == remark.stage for it in stages)
