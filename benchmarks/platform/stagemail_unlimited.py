"""The ODC target without the published limits, beside an emulator that has none: what is left is our own work.

Everything else is the product's: HTTP, journal, lease, reading back. Found by its entry point, as any plugin is.
"""

from typing import Literal

from pydantic import BaseModel
from pyrate_limiter import InMemoryBucket, Rate
from pyrate_limiter.abstracts import AbstractBucket

from stagemail.resources.targets import OdcTarget as OdcSettings
from stagemail.target.odc.limits import Buckets
from stagemail.target.odc.target import OdcTarget
from stagemail.wiring.odc import OdcPlugin
from stagemail.wiring.odc_runtime import OdcRuntime
from stagemail.wiring.plugins import TargetContext


class UnlimitedSettings(OdcSettings):
    """As ``odc``."""

    type: Literal["odc-unlimited"]  # type: ignore[assignment]


class UnlimitedPlugin(OdcPlugin):
    """The ODC target, with buckets that hold a billion calls a minute."""

    settings: type[BaseModel] = UnlimitedSettings
    runtime = "stagemail_unlimited:RUNTIME"


def _wide(_name: str, rate: Rate) -> AbstractBucket:
    return InMemoryBucket([Rate(1_000_000_000, rate.interval)])


class UnlimitedRuntime(OdcRuntime):
    """As the product's, over those buckets."""

    def build(self, context: TargetContext) -> OdcTarget:
        """The target for one run."""
        context.shared.setdefault("odc", Buckets(_wide))
        return super().build(context)


PLUGIN = UnlimitedPlugin()
RUNTIME = UnlimitedRuntime()
