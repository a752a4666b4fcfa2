"""``stagemail init``: a first operator file and environments/ folder."""

from pathlib import Path

import click

from stagemail.cli.first_files import refuse_present, write_first
from stagemail.cli.output import say
from stagemail.errors import UsageError
from stagemail.source.operator_file import load_operator
from stagemail.wiring.templates import FirstStage, files

PURPOSES = ("development", "non-production", "production")
DEFAULT_STAGES = ("development=Development:development", "qa=QA:non-production", "production=Production:production")


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--domain", default="example.outsystems.dev", show_default=True, help="The organization's domain.")
@click.option("--client-id", default="replace-with-your-api-client-id", help="The API client's id.")
@click.option("--mail-domain", default="example.com", show_default=True, help="Your own mail domain.")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="NAME=ENVIRONMENT:PURPOSE",
    help="A stage; may be given again [default: development, qa, production].",
)
def command(folder: Path, domain: str, client_id: str, mail_domain: str, stages: tuple[str, ...]) -> int:
    """Write a first operator file and environments/ folder; never over a file that is there.

    Example: stagemail init --domain acme.outsystems.dev --mail-domain acme.example --stage qa=QA:non-production
    """
    wanted = files(domain, client_id, [_stage(text) for text in stages or DEFAULT_STAGES], mail_domain)
    refuse_present(folder, list(wanted), "init")
    load_operator(wanted["stagemail.yaml"].encode(), "stagemail.yaml as it would be written")
    write_first(folder, wanted)
    say("\n".join(f"wrote {path}" for path in sorted(wanted)))
    say(
        "Next: edit domain, clientId and environments in stagemail.yaml, set STAGEMAIL_ODC_CLIENT_SECRET, then\n"
        "  stagemail target discover --write    look at the platform, write odc-mapping.yaml\n"
        "  stagemail validate && stagemail plan"
    )
    return 0


def _stage(text: str) -> FirstStage:
    name, _, rest = text.partition("=")
    environment, _, purpose = rest.rpartition(":")
    if not (name and environment) or purpose not in PURPOSES:
        known = ", ".join(PURPOSES)
        raise UsageError(f"{text!r} is no stage", hint=f"write NAME=ENVIRONMENT:PURPOSE, PURPOSE one of {known}")
    return FirstStage(name, environment, purpose)
