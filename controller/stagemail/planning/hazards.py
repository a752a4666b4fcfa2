"""Which changes a person must have agreed to: the closed list of hazards, each with the value a waiver must name.

The only module of planning that knows mail. Not here: whether a hazard holds (``guard``).
"""

from collections.abc import Iterable, Mapping

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App, StageIdentity
from stagemail.model.key import CONFIGURATION
from stagemail.model.policy import Policy
from stagemail.model.secret import SecretState
from stagemail.model.snapshot import Applied
from stagemail.model.step import Change, Hazard, Step

PLAN_WIDE = frozenset({"mass-change", "identity-changed"})
NOT_LIVE_BEFORE = frozenset({"create", "together"})
SPECS = email.SPECS


def _before(step: Step) -> dict[str, Value]:
    return {change.field: change.before for change in step.changes}


def _after(step: Step) -> dict[str, Value]:
    return {change.field: change.after for change in step.changes}


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, SecretState):
        return value.ref
    return "" if value is None else str(value)


def widens(step: Step) -> bool:
    """Whether the step sends mail to real people that a test list caught before."""
    return step.unit == email.RECIPIENTS and bool(step.changes) and email.widens(_before(step), _after(step))


def narrows(step: Step) -> bool:
    """Whether the step catches mail in a test list that reached real people before."""
    return step.unit == email.RECIPIENTS and bool(step.changes) and email.widens(_after(step), _before(step))


def of_step(step: Step, wanted: Mapping[str, Value], policy: Policy, uncovered: Iterable[App]) -> tuple[Hazard, ...]:
    """Every hazard of one write step, sorted. ``wanted``: all fields that Git wants of the step's resource."""
    if step.action != "write":
        return ()
    found = [
        *_recipients(step, policy),
        *_connection(step, wanted),
        *_sender(step),
        *_takeover(step),
        *(_uncovered(uncovered, policy) if step.key.kind == CONFIGURATION else ()),
    ]
    if policy.outside_window:
        found.append(Hazard("outside-window", "now", f"outside the stage's window: {policy.outside_window}"))
    return tuple(sorted(set(found)))


def _recipients(step: Step, policy: Policy) -> Iterable[Hazard]:
    after = _after(step)
    if step.unit != email.RECIPIENTS or email.RECIPIENTS_MODE not in after:
        return
    if widens(step):
        yield Hazard("recipients-widened", email.SET_IN_APP, f"{step.label}: test list → real users")
    if email.reaches_real_people(after):
        return
    members = after.get(email.TEST_LIST)
    members = members if isinstance(members, tuple) else ()
    if policy.purpose == "production":
        yield Hazard(
            "production-test-list-on", email.TEST_LIST_MODE, f"{step.label}: customers get nothing while a list is on"
        )
    outside = sorted({m for m in members if policy.own_domains and not _is_own(m, policy.own_domains)})
    if outside:
        yield Hazard(
            "test-list-outside-domain",
            ", ".join(outside),
            f"{step.label}: {', '.join(outside)} not at a domain of the organization ({', '.join(policy.own_domains)})",
        )


def _is_own(mailbox: str, own: tuple[str, ...]) -> bool:
    return email.domain_of(mailbox) in {domain.lower() for domain in own}


def _connection(step: Step, wanted: Mapping[str, Value]) -> Iterable[Hazard]:
    before, after = _before(step), _after(step)
    was, now = before.get(email.SECURITY), after.get(email.SECURITY)
    order = email.SECURITY_ORDER
    if isinstance(was, str) and isinstance(now, str) and order.get(now, 0) < order.get(was, 0):
        yield Hazard("security-lowered", now, f"transport security goes from {was} to {now}")
    had = before.get(email.AUTH_TYPE)
    if after.get(email.AUTH_TYPE) == "none" and had not in (None, "", "none"):
        yield Hazard("authentication-dropped", "none", f"authentication goes from {_written(had)} to none")
    host = next((change for change in step.changes if change.field == email.HOST), None)
    if host and host.case not in NOT_LIVE_BEFORE and _keeps_credential(step, wanted):
        yield Hazard(
            "host-changed-credential-kept",
            _written(host.after),
            f"the credential of {_written(host.before)} would be sent to {_written(host.after)}",
        )


def _keeps_credential(step: Step, wanted: Mapping[str, Value]) -> bool:
    """Whether the platform would use the credential that it has, or is sent the same one again, for the new host."""
    renewed = {change.field for change in step.changes if change.case in ("rotated", "create", "changed")}
    return any(SPECS[name].secret and name not in renewed for name in wanted)


def _sender(step: Step) -> Iterable[Hazard]:
    change = next((change for change in step.changes if change.field == email.SENDER_ADDRESS), None)
    if change is None or not isinstance(change.before, str) or not change.before:
        return
    now = email.domain_of(_written(change.after))
    if email.domain_of(change.before) != now:
        was = email.domain_of(change.before)
        yield Hazard("sender-domain-changed", now, f"the sender's domain goes from {was} to {now}")


def _takeover(step: Step) -> Iterable[Hazard]:
    taken = [change for change in step.changes if change.case == "takeover"]
    if not taken or narrows(step):
        return
    to = "; ".join(f"{change.field}={_written(change.after)}" for change in taken)
    was = "; ".join(f"{change.field}={_written(change.before)}" for change in taken)
    yield Hazard("takeover", to, f"somebody outside Git set {was}")


def _uncovered(apps: Iterable[App], policy: Policy) -> Iterable[Hazard]:
    if policy.purpose == "production":
        return
    for app in apps:
        yield Hazard("uncovered-app", app.name, f"{app.name} is bound by nobody: its mail goes where the app says")


def foreign_pending(label: str, names: Iterable[str]) -> Hazard:
    """Making this app's values live would make somebody else's pending values live too."""
    listed = ", ".join(sorted(names))
    return Hazard("foreign-pending", listed, f"{label}: would also make live what somebody else left pending: {listed}")


def of_identity(applied: Applied, now: StageIdentity, apps: Mapping[str, str]) -> tuple[Hazard, ...]:
    """A key that means something else than it did: another stage, another purpose, a renamed app."""
    found: list[Hazard] = []
    was = applied.identity
    if was and was.key != now.key:
        found.append(Hazard("identity-changed", now.key, f"stage {was.name} had key {was.key} and has {now.key} now"))
    if was and was.key == now.key and was.name != now.name:
        found.append(Hazard("identity-changed", now.name, f"key {now.key} was stage {was.name} and is {now.name} now"))
    if was and was.purpose != now.purpose:
        found.append(
            Hazard("identity-changed", now.purpose or "none", f"purpose was {was.purpose} and is {now.purpose} now")
        )
    for resource in applied.resources:
        name = apps.get(resource.key.id)
        if name is not None and resource.key.kind != CONFIGURATION and name != resource.label:
            message = f"key {resource.key.id} was app {resource.label} and is {name} now"
            found.append(Hazard("identity-changed", name, message))
    return tuple(sorted(found))


def of_mass(steps: Iterable[Step], applied: Applied, policy: Policy) -> tuple[Hazard, ...]:
    """A plan that touches so much of what is applied that it is more likely a mistake."""
    settled = {resource.key for resource in applied.resources}
    touched = {step.key for step in steps if step.action != "activate" and step.key in settled and not _only_new(step)}
    if len(touched) <= policy.mass_absolute or len(touched) <= policy.mass_relative * len(settled):
        return ()
    to = f"{len(touched)} of {len(settled)}"
    return (Hazard("mass-change", to, f"would change {to} resources at once"),)


def _only_new(step: Step) -> bool:
    return bool(step.changes) and all(_is_new(change) for change in step.changes)


def _is_new(change: Change) -> bool:
    return change.case in ("create", "rotated")
