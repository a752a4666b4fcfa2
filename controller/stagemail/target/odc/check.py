"""What can be said of a stage's desired state without asking ODC: capabilities, and what is refused.

Pure, and without an HTTP client: ``stagemail validate`` calls ``check_desired`` as it is. Not here: network.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from stagemail.model import email
from stagemail.model.field import Support
from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.location import Location, Place
from stagemail.model.problem import Problem
from stagemail.model.snapshot import Capabilities, Configuration, Desired
from stagemail.ports import Check
from stagemail.target.odc.codec import Codec
from stagemail.target.odc.mapping import CONDITIONAL, OdcMapping, StageMapping

STAGE_FIELDS: Final = tuple(name for name, spec in email.SPECS.items() if spec.unit != email.RECIPIENTS)
APP_FIELDS: Final = (email.RECIPIENTS_MODE, email.TEST_LIST)

VERIFIED: Final = "ODC has no setting for transport security; preflight verifies it"
PORTAL_STEPS: Final = (
    "in the ODC Portal select the app, open the email section of its Configuration page for the stage, edit the Test "
    "List, turn on Active, save; then either run `stagemail target discover --write` again, or put recipients.mode and "
    "recipients.testList under `unsupported` in the mapping to have it only noted"
)
"""ODC docs: Configure emails, Create a test list."""


def check_desired(desired: Desired, mapping: OdcMapping | None) -> Check:
    """Capabilities and problems of one stage; ``mapping`` None where nobody has looked yet."""
    known = mapping.stages.get(desired.stage) if mapping else None
    capabilities = _capabilities(known)
    codec = known.codec.codec() if known else Codec()
    problems = [*_port(desired), *_missing_mapping(desired, known), *_refused(desired, capabilities)]
    return Check(capabilities, tuple(problems), codec.same)


def _capabilities(known: StageMapping | None) -> Capabilities:
    if known is None:
        stage: dict[str, Support] = dict.fromkeys(STAGE_FIELDS, "sets")
        stage[email.SECURITY] = "verifies"
        apps: dict[str, Support] = dict.fromkeys(APP_FIELDS, "sets")
        return Capabilities({CONFIGURATION: stage, BINDING: apps}, {email.SECURITY: VERIFIED})
    stage = dict.fromkeys(known.at("stage"), "sets")
    apps = dict.fromkeys([name for name in known.at("app") if name in APP_FIELDS], "sets")
    if not set(APP_FIELDS) <= set(apps):
        apps = {}  # a list without its switch, or a switch without its list, cannot be set as one unit
    stage.setdefault(email.SECURITY, "verifies")
    ignored = frozenset(known.unsupported)
    for name in ignored:
        stage.pop(name, None)
        apps.pop(name, None)
    supported: dict[str, dict[str, Support]] = {CONFIGURATION: stage, BINDING: apps}
    reasons = {name: _reason(name, ignored) for name in email.SPECS if name not in stage and name not in apps}
    if stage.get(email.SECURITY) == "verifies":
        reasons[email.SECURITY] = VERIFIED
    return Capabilities(supported, reasons, ignored)


def _reason(name: str, ignored: frozenset[str]) -> str:
    if name in ignored:
        return "declared unsupported in the mapping: ODC's own setting stays as it is"
    if name in APP_FIELDS:
        return "ODC's API shows no test list here, so it is only seen and set in the Portal"
    return "the mapping has no entry of ODC for it"


def _port(desired: Desired) -> Iterator[tuple[Place, Problem]]:
    configuration = desired.configuration
    if configuration and configuration.fields.get(email.PORT) == 25:
        message = "port left out means 25; ODC refuses 25"
        yield _problem(configuration, email.PORT, "odc-port-25", message, "Write `port: 587`.")


def _missing_mapping(desired: Desired, known: StageMapping | None) -> Iterator[tuple[Place, Problem]]:
    place = _any_place(desired)
    if known is None and place is not None:
        message = f"stage {desired.stage}: nobody has looked yet which of ODC's settings are its email settings"
        remedy = "Run `stagemail target discover --write`; what ODC can do is only assumed until then."
        yield place, Problem(Location(place.path), "odc-not-discovered", message, remedy, "note")


def _any_place(desired: Desired) -> Place | None:
    places = [desired.configuration.place] if desired.configuration else []
    return next(iter([*places, *(binding.place for binding in desired.bindings)]), None)


def _refused(desired: Desired, can: Capabilities) -> Iterator[tuple[Place, Problem]]:
    """Fields that are wanted, that ODC cannot set, and that nobody declared unsupported."""
    configuration = desired.configuration
    if configuration:
        for name in _cannot(configuration.fields, CONFIGURATION, can):
            yield _problem(configuration, name, "odc-cannot-set", f"{name}: {can.reasons.get(name, '')}", _remedy(name))
    if can.of(BINDING, email.RECIPIENTS_MODE) == "sets" or email.RECIPIENTS_MODE in can.ignored:
        return
    for place in _test_lists(desired, own_only=can.of(CONFIGURATION, email.RECIPIENTS_MODE) == "sets"):
        message = f"test-list: {can.reasons.get(email.RECIPIENTS_MODE, 'it is set for the whole stage here')}"
        yield place, Problem(Location(place.path), "odc-no-test-list", message, f"Do it there: {PORTAL_STEPS}.")


def _test_lists(desired: Desired, *, own_only: bool) -> Iterator[Place]:
    """Where a test list is wanted for apps: in bindings, and in a configuration from which one inherits."""
    for binding in desired.bindings:
        if binding.fields.get(email.RECIPIENTS_MODE) == email.TEST_LIST_MODE:
            yield _place(binding.place, email.RECIPIENTS_MODE)
    configuration = desired.configuration
    inherits = not desired.bindings or any(not binding.fields for binding in desired.bindings)
    if configuration is None or own_only or not inherits:
        return
    if configuration.fields.get(email.RECIPIENTS_MODE) == email.TEST_LIST_MODE:
        yield _place(configuration.place, email.RECIPIENTS_MODE)


def _cannot(fields: Iterable[str], kind: str, can: Capabilities) -> list[str]:
    return [n for n in fields if n in STAGE_FIELDS and can.of(kind, n) == "cannot" and n not in can.ignored]


def _remedy(name: str) -> str:
    if CONDITIONAL.get(name) == "oauth2":
        return (
            "ODC may show these settings only while OAuth 2.0 is chosen: choose it in the Portal for this stage, "
            "run `stagemail target discover --write`, and apply."
        )
    return "Run `stagemail target discover --write`, or put the field under `unsupported` in the mapping."


def _problem(configuration: Configuration, name: str, code: str, message: str, remedy: str) -> tuple[Place, Problem]:
    place = _place(configuration.place, name)
    return place, Problem(Location(place.path), code, message, remedy)


def _place(document: Place, name: str) -> Place:
    """Where a field stands; whoever locates it falls back to the nearest parent that is there."""
    return document.child("spec", *name.split("."))
