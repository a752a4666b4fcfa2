"""The ODC target without the published limits, beside an emulator that has none: what is left is our own work.

Everything else is the product's: HTTP, journal, lease, reading back. Found by its entry point, as any plugin is.
"""

from typing import Literal

from pydantic import BaseModel
from pyrate_limiter import Rate

from stagemail.ports import Clock
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


class _Wide(Buckets):
    """As the product's, but each place is taken from a billion."""

    def take(self, name: str, rate: Rate, clock: Clock) -> int:
        """See ``Buckets.take``."""
        return super().take(name, Rate(1_000_000_000, rate.interval), clock)


class UnlimitedRuntime(OdcRuntime):
    """As the product's, over those buckets."""

    def build(self, context: TargetContext) -> OdcTarget:
        """The target for one run."""
        context.shared.setdefault("odc", _Wide())
        return super().build(context)


PLUGIN = UnlimitedPlugin()
RUNTIME = UnlimitedRuntime()
