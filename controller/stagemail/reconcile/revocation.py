"""Whether a credential's version before may be revoked: only once the new one is seen to run wherever it is used.

Not here: reading stores, record and platform (``secret_status``).
"""

from collections.abc import Mapping, Sequence

from stagemail.dataclass import dataclass
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import AppliedField, Observed, ObservedField
from stagemail.planning.diff import UNSET, is_absent, written_over
from stagemail.report.failure import Failure
from stagemail.report.secret_status import LiveIn, LiveState

TODO: frozenset[LiveState] = frozenset({"partly", "behind", "overwritten", "unsettled", "never-written"})
NEW = "we have no record of it yet: `stagemail apply {}` writes it, or adopts what is there"
UNDATED = "that nobody overwrote it on the platform since is not known: the platform tells nothing of its last write"


@dataclass(frozen=True, slots=True)
class StageView:
    """What is known of one stage: from our record alone where ``failure`` says why the platform was not read.

    ``applied``: what we last wrote of the stage's settings, by field. ``apps``: those that can be bound.
    """

    stage: str
    applied: Mapping[str, AppliedField]
    observed: Observed | None = None
    apps: tuple[App, ...] = ()
    failure: Failure | None = None


def live_in(name: str, state: SecretState | None, view: StageView) -> LiveIn:
    """Where the store's value of this secret field is live in one stage. ``state`` None: it was not read."""
    known = view.applied.get(name)
    if known is None or not isinstance(known.value, SecretState):
        return LiveIn(view.stage, "never-written", message=NEW.format(view.stage))
    version = known.value.version
    told = _not_the_stores(known, known.value, state, view.stage)
    if told is not None:
        return LiveIn(view.stage, told[0], version, message=told[1])
    if view.observed is None:
        why = f": {view.failure.message}" if view.failure else ""
        return LiveIn(view.stage, "unknown", version, message=f"in which apps it is live is not known{why}")
    settings = next((r.fields for r in view.observed.resources if r.key.kind == CONFIGURATION), {})
    seen = settings.get(name, UNSET)
    if known.verified and (written_over(seen, known) or is_absent(seen)):
        at = f" at {seen.at}" if seen.at else ""
        return LiveIn(
            view.stage, "overwritten", version,
            message=f"overwritten outside{at}: `stagemail apply {view.stage}` writes it again",
        )  # fmt: skip
    return _in_apps(name, version, seen, view)


def _not_the_stores(
    known: AppliedField, applied: SecretState, state: SecretState | None, stage: str
) -> tuple[LiveState, str] | None:
    """What our record tells against the store's value being on the platform; None where nothing does."""
    if not applied.fingerprint:
        return "unsettled", f"the last write has no known outcome: `stagemail apply {stage}` sends it once more"
    if state is not None and not applied.same(state):
        there = f"version {applied.version}" if applied.version else "another value than the store"
        return "behind", f"the platform has {there}: `stagemail apply {stage}` sends what the store has"
    if not known.verified:
        return "unverified", f"found there, never written by us: `stagemail secrets push {stage}` would write it"
    return None if state is not None else ("unknown", "the store was not read, so versions cannot be compared")


def _in_apps(name: str, version: str, seen: ObservedField, view: StageView) -> LiveIn:
    read = view.observed.by_key() if view.observed else {}
    not_live: list[str] = []
    live = 0
    for app in view.apps:
        resource = read.get(Key(view.stage, BINDING, app.key))
        field = resource.fields.get(name) if resource else None
        if field is None or field.pending:
            not_live.append(app.name if field else f"{app.name} (it does not show the setting)")
        else:
            live += 1
    if not_live:
        message = f"not live in {', '.join(sorted(not_live))}"
        return LiveIn(view.stage, "partly", version, live, len(view.apps), tuple(sorted(not_live)), message)
    return LiveIn(view.stage, "live", version, live, live, message="" if seen.evidence else UNDATED)


def is_todo(live: Sequence[LiveIn]) -> bool:
    """Whether something is left to do about it."""
    return any(each.state in TODO for each in live)


def conclusion(version: str, live: Sequence[LiveIn], others: Sequence[str]) -> str:
    """The sentence that an admin waits for. ``others``: in words, who else may need the version before."""
    apps, running = sum(each.apps for each in live), sum(each.live for each in live)
    what = f"version {version}" if version else "the store's value"
    waits = sorted(each.stage for each in live if each.state not in ("live", "partly"))
    if waits:
        unknown = f"whether {what} is live in {', '.join(waits)} is not known or not so yet"
        return unknown if version == "1" else f"keep {_before(version)}: {unknown}"
    where = (
        f"{what} live in {running} of {apps} apps" if apps else f"{what} is set, and no app is deployed that uses it"
    )
    if running < apps or others:
        return f"{where}: keep {_before(version)}" + (f"; {'; '.join(others)}" if others else "")
    return where if version == "1" else f"{where}: {_before(version)} may be revoked"


def _before(version: str) -> str:
    """The version before this one, in words, as well as versions are counted."""
    if not version:
        return "the value before"
    counted = version.isascii() and version.isdecimal() and int(version) > 1
    return f"version {int(version) - 1}" if counted else "the version before"
