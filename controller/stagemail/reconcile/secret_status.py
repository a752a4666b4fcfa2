"""Every credential that is referenced: its uses, age and expiry, and in which apps the store's value is live.

A value is never compared with the platform's, which shows none: what we wrote is known by fingerprint, what runs by
what the platform tells as pending, an overwrite by its evidence. What cannot be known is said. Writes nothing.
Not here: rendering (``report.secret_status``), whether the version before may go (``revocation``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from stagemail.dataclass import dataclass
from stagemail.errors import StagemailError
from stagemail.model.expiry import expiry_of
from stagemail.model.key import CONFIGURATION
from stagemail.model.location import Location, Place
from stagemail.model.secret import SecretRef
from stagemail.model.snapshot import AppliedField, AppliedResource, Desired
from stagemail.reconcile.credentials import Checked, Credentials
from stagemail.reconcile.granting import Use
from stagemail.reconcile.looking import look
from stagemail.reconcile.request import Request
from stagemail.reconcile.revocation import StageView, conclusion, is_todo, live_in
from stagemail.reconcile.uses import uses_of
from stagemail.reconcile.world import World
from stagemail.report.failure import failure_of
from stagemail.report.secret_status import SecretStatus, SecretUse

Locate = Callable[[Place], Location]
_Group = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class OwnSecret:
    """A credential of the operator file itself: the field, where it stands, and what a person should know of it."""

    field: str
    ref: SecretRef
    location: Location
    note: str = ""


def view(request: Request, world: World) -> StageView:
    """Look at one stage; what stops that is kept as data."""
    try:
        looked = look(request, world)
    except StagemailError as error:
        applied = _settings(world.record.applied(request.stage).resources)
        return StageView(request.stage, applied, failure=failure_of(error, request.stage))
    situation = looked.prepared.situation
    apps = tuple(app for app in situation.inventory.apps if app.bindable)
    return StageView(request.stage, _settings(situation.applied.resources), looked.observed, apps)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where credentials are looked at: one revision, the stages of it that were viewed, and the day.

    ``blocked``: stages whose documents have problems, so that what they use is not known for sure.
    """

    desired: Mapping[str, Desired]
    views: Mapping[str, StageView]
    blocked: tuple[str, ...]
    locate: Locate
    today: date


def secret_status(scene: Scene, own: Iterable[OwnSecret], credentials: Credentials) -> tuple[SecretStatus, ...]:
    """Every credential that the viewed stages name, sorted, then those that the operator file names itself."""
    uses = [(name, use) for stage in sorted(scene.desired) for name, use in uses_of(scene.desired[stage]).items()]
    checked = {each.use: each for each in credentials.check(use for _, use in uses if use.stage in scene.views)}
    groups: dict[_Group, list[tuple[str, Use]]] = {}
    for name, use in uses:
        groups.setdefault((use.ref.store, use.ref.key, use.ref.field, use.ref.version), []).append((name, use))
    pins = tuple(use for _, use in uses if use.ref.version)
    found = [
        _status(scene, group, [checked[use] for _, use in group if use in checked], pins)
        for _, group in sorted(groups.items())
        if any(use in checked for _, use in group)
    ]
    return (*found, *(_own(each, credentials.check_own(each.ref), scene.today) for each in own))


def _settings(resources: Iterable[AppliedResource]) -> Mapping[str, AppliedField]:
    return next((resource.fields for resource in resources if resource.key.kind == CONFIGURATION), {})


def _status(
    scene: Scene, group: Sequence[tuple[str, Use]], checked: Sequence[Checked], pins: Sequence[Use]
) -> SecretStatus:
    good = next((each for each in checked if each.error is None), checked[0])
    refused = next((each for each in checked if each.error is not None), None)
    viewed = [(name, use) for name, use in group if use.stage in scene.views]
    live = tuple(live_in(name, good.state, scene.views[use.stage]) for name, use in viewed)
    return replace(
        _facts(good, scene.today),
        uses=tuple(_use(scene, name, use) for name, use in viewed),
        live_in=live,
        conclusion=conclusion(good.version, live, _others(scene, group, pins)) if good.error is None else "",
        todo=is_todo(live),
        failure=failure_of(refused.error, refused.use.stage) if refused is not None and refused.error else None,
    )


def _others(scene: Scene, group: Sequence[tuple[str, Use]], pins: Sequence[Use]) -> tuple[str, ...]:
    """Who else may need the version before: pins, stages that nobody looked at, documents that nobody can read."""
    ref = group[0][1].ref
    mine = [use for use in pins if (use.ref.store, use.ref.key) == (ref.store, ref.key) and use.ref != ref]
    told = {f"{use.stage} is pinned to version {use.ref.version}" for use in mine}
    told |= {f"{use.stage} uses it, too, and was not looked at" for _, use in group if use.stage not in scene.views}
    told |= {f"what {stage} uses is not known: its documents have problems" for stage in scene.blocked}
    return tuple(sorted(told))


def _own(own: OwnSecret, checked: Checked, today: date) -> SecretStatus:
    failure = failure_of(checked.error) if checked.error is not None else None
    uses = (SecretUse("", own.field, own.location),)
    return replace(_facts(checked, today), uses=uses, note=own.note, failure=failure)


def _facts(checked: Checked, today: date) -> SecretStatus:
    ref = checked.use.ref
    expiry = expiry_of(str(ref), checked.expires or ref.expires, today)
    created = expiry_of(str(ref), checked.created, today)
    return SecretStatus(
        ref=str(ref),
        origin=checked.origin,
        version=checked.version,
        age=-created.days if created else None,
        expires=expiry.on if expiry else "",
        days_left=expiry.days if expiry else None,
        warning=expiry.warning if expiry else "",
    )


def _use(scene: Scene, name: str, use: Use) -> SecretUse:
    configuration = scene.desired[use.stage].configuration
    place = configuration.place.child("spec", *name.split(".")) if configuration else Place("")
    return SecretUse(use.stage, name, scene.locate(place), use.destinations)
