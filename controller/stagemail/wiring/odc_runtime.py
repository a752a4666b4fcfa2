"""The part of the ODC target that speaks to ODC: connection, target for a run, discovery.

Not here: settings and mapping (``odc``).
"""

from concurrent.futures import ThreadPoolExecutor

from stagemail.document.writing import write
from stagemail.resources.policy import secret_ref
from stagemail.resources.targets import OdcTarget as OdcTargetSettings
from stagemail.target.odc.credentials import Credentials
from stagemail.target.odc.discovery import OdcDiscovery
from stagemail.target.odc.limits import Buckets, SharedBuckets
from stagemail.target.odc.target import Connection, OdcSettings, OdcTarget, build, connect
from stagemail.wiring.odc import read_mapping
from stagemail.wiring.plugins import TargetContext


class OdcRuntime:
    """Builds what talks to an organization."""

    def build(self, context: TargetContext) -> OdcTarget:
        """The target for one run."""
        executor = ThreadPoolExecutor(context.workers, thread_name_prefix="odc")
        context.closing.callback(executor.shutdown, wait=False, cancel_futures=True)
        return build(_connect(context), read_mapping(context.settled), executor)

    def discovery(self, context: TargetContext) -> OdcDiscovery:
        """What finds the email settings among ODC's."""
        return OdcDiscovery(_connect(context), read_mapping(context.settled), write)


RUNTIME = OdcRuntime()


def _connect(context: TargetContext) -> Connection:
    settings: OdcTargetSettings = context.settled.settings
    odc = OdcSettings(
        domain=settings.domain,
        stages=context.stages,
        portfolios=settings.portfolio_names,
        share=settings.share,
        read_only=settings.read_only,
        ca_file=context.settled.base / settings.ca_file if settings.ca_file else None,
    )
    ref = secret_ref(settings.credentials.client_secret)
    credentials = Credentials(settings.credentials.client_id, lambda: context.secret(ref), context.learn)
    buckets = context.shared.setdefault("odc", SharedBuckets(context.spent) if context.spent else Buckets())
    made = connect(odc, credentials, context.clock, buckets)
    context.closing.callback(made.api.close)
    return made
