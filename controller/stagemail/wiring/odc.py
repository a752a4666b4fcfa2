"""The ODC target as a plugin: settings of the operator file, mapping file and credential become a target for a run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from stagemail.document import read
from stagemail.document.writing import write
from stagemail.errors import InvalidInput
from stagemail.resources.policy import secret_ref
from stagemail.resources.targets import OdcTarget as OdcTargetSettings
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.discovery import OdcDiscovery
from stagemail.target.odc.mapping import OdcMapping
from stagemail.target.odc.target import Connection, OdcSettings, OdcTarget, build, connect
from stagemail.wiring.plugins import TargetContext

MAX_MAPPING = 4 * 1024 * 1024
"""Bytes of a mapping file that we read."""


class OdcPlugin:
    """OutSystems Developer Cloud."""

    settings: type[BaseModel] = OdcTargetSettings

    def scope(self, settings: OdcTargetSettings) -> str:
        """One organization is one domain."""
        return f"odc:{settings.domain.lower()}"

    def build(self, context: TargetContext) -> OdcTarget:
        """The target for one run."""
        executor = ThreadPoolExecutor(context.workers, thread_name_prefix="odc")
        return build(_connect(context), _mapping(context), executor)

    def discovery(self, context: TargetContext) -> OdcDiscovery:
        """What finds the email settings among ODC's."""
        return OdcDiscovery(_connect(context), _mapping(context), write)


PLUGIN = OdcPlugin()


def mapping_path(settings: Any, base: Path) -> Path:
    """Where the mapping file is: beside the operator file, unless its path is absolute."""
    return base / str(settings.mapping)


def _connect(context: TargetContext) -> Connection:
    settings: OdcTargetSettings = context.settings
    odc = OdcSettings(
        domain=settings.domain,
        stages=context.stages,
        portfolios=settings.portfolio_names,
        share=settings.share,
        read_only=settings.read_only,
        ca_file=context.base / settings.ca_file if settings.ca_file else None,
    )
    ref = secret_ref(settings.credentials.client_secret)
    return connect(odc, Credentials(settings.credentials.client_id, lambda: context.secret(ref)), context.clock)


def _mapping(context: TargetContext) -> OdcMapping | None:
    path = mapping_path(context.settings, context.base)
    try:
        if path.stat().st_size > MAX_MAPPING:
            raise InvalidInput(f"{path} is too large to be a mapping", hint="`stagemail target discover` writes one")
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    documents, problems = read(data, path.name)
    if problems or len(documents) != 1:
        raise InvalidInput(
            f"{path.name} cannot be read as one YAML document", problems=problems, hint="mend or delete it"
        )
    return OdcMapping.parse(documents[0].value, path.name)
