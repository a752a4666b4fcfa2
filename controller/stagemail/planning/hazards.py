"""Which steps a person must have agreed to: the closed list of hazards, each with the value a waiver must name.

The only module of planning that knows mail. Not here: whether a hazard holds (``guard``), hazards of the plan as a
whole (``plan_wide``).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.inventory import App
from stagemail.model.key import BINDING, CONFIGURATION
from stagemail.model.policy import Policy
from stagemail.model.snapshot import ObservedResource
from stagemail.model.step import Change, Hazard, Step
from stagemail.planning.exact import exactly, written

SPECS: Final = email.SPECS
OUTSIDE_HEALING: Final = "outside the stage's window for healing"
"""How what becomes of drift begins while `windows.heal` is shut."""
RENEWS: Final = frozenset({"rotated", "unsettled", "unverified", "together"})
"""Changes that bring the platform a credential of ours and nothing else; "unverified": a person asked to push it."""
DRIFT: Final = frozenset({"drift", "overwritten"})
"""Changes that undo what somebody did outside Git."""
NEW_CREDENTIAL: Final = frozenset({"rotated", "create", "changed"})
AUTHENTICATION: Final = SPECS[email.AUTH_TYPE].group
RECIPIENTS: Final = frozenset({email.RECIPIENTS_MODE, email.TEST_LIST})
STRONGEST: Final = max(email.SECURITY_ORDER.values())


def _before(step: Step) -> dict[str, Value]:
    return {change.field: change.before for change in step.changes}


def _after(step: Step) -> dict[str, Value]:
    return {change.field: change.after for change in step.changes}


def widens(step: Step) -> bool:
    """Whether the step sends mail to real people that a test list caught before."""
    return email.RECIPIENTS_MODE in _after(step) and email.widens(_before(step), _after(step))


def narrows(step: Step) -> bool:
    """Whether the step catches mail in a test list that reached real people before."""
    return email.RECIPIENTS_MODE in _after(step) and email.widens(_after(step), _before(step))


def pending_widens(seen: ObservedResource | None, names: Collection[str]) -> bool:
    """Whether making these pending fields live sends mail to real people that a test list catches now."""
    live, soon = _pending(seen, names)
    return email.widens(live, soon)


def pending_narrows(seen: ObservedResource | None, names: Collection[str]) -> bool:
    """Whether making these pending fields live catches mail that reaches real people now."""
    live, soon = _pending(seen, names)
    return email.widens(soon, live)


def _pending(seen: ObservedResource | None, names: Collection[str]) -> tuple[dict[str, Value], dict[str, Value]]:
    mode = seen.fields.get(email.RECIPIENTS_MODE) if seen else None
    if mode is None:
        return {}, {}
    soon = mode.value if email.RECIPIENTS_MODE in names else mode.live
    return {email.RECIPIENTS_MODE: mode.live}, {email.RECIPIENTS_MODE: soon}


def before_first_run(fields: Mapping[str, Value]) -> str:
    """What an app that a test list waits for does between its first deploy and the run after it; "" without a list."""
    if email.reaches_real_people(fields):
        return ""
    return "; from its first deploy until then its mail goes where the app says"


def before_first_deploy(fields: Mapping[str, Value]) -> str:
    """What is written of an app that is not deployed here yet; "" where its mail goes where the app says anyway."""
    if email.reaches_real_people(fields):
        return ""
    return "test list before its first deploy: nothing to make live, the deploy does that"


def renews_only(step: Step) -> bool:
    """Whether the step does nothing but send a rotated credential, with the rest of its group as it is."""
    return bool(step.changes) and all(change.case in RENEWS for change in step.changes)


def renewal_of(step: Step) -> tuple[Change, ...]:
    """The part of a step that only renews the credential, where that may go alone: to the server that has it now.

    Empty where there is none, or where the step changes where the credential is sent to.
    """
    moved = {change.field for change in step.changes if change.case != "together"}
    if moved & {email.HOST, email.PORT, email.TOKEN_URL}:
        return ()
    group = tuple(change for change in step.changes if SPECS[change.field].group == AUTHENTICATION)
    alone = all(change.case in RENEWS for change in group) and len(group) < len(step.changes)
    return group if alone else ()


def of_step(
    step: Step, wanted: Mapping[str, Value], policy: Policy, uncovered: Mapping[str, App]
) -> tuple[Hazard, ...]:
    """Every hazard of one write or unmanage step, sorted. ``wanted``: all fields that Git wants of its resource.

    ``uncovered``: the deployed apps that nobody binds, by key.
    """
    found = [*_uncovered(step, policy, uncovered)]
    if step.action == "write":
        found += [*_recipients(step, policy), *_connection(step, wanted), *_sender(step), *_takeover(step)]
        if not (renews_only(step) or narrows(step)):
            found += outside_window(policy, healing=heals_only(step))
    return tuple(sorted(set(found)))


def _recipients(step: Step, policy: Policy) -> Iterable[Hazard]:
    after = _after(step)
    if email.RECIPIENTS_MODE not in after:
        return
    if widens(step):
        yield widened(step.label)
    yield from of_list(step.label, after, policy)


def of_list(label: str, fields: Mapping[str, Value], policy: Policy) -> Iterable[Hazard]:
    """The hazards of a test list that is on, whether it is written or was there before."""
    if email.reaches_real_people(fields):
        return
    if policy.purpose == "production":
        yield Hazard(
            "production-test-list-on", email.TEST_LIST_MODE, f"{label}: customers get nothing while a list is on"
        )
    members = fields.get(email.TEST_LIST)
    own = frozenset(domain.lower() for domain in policy.own_domains)
    members = members if own and isinstance(members, tuple) else ()
    there = {domain + end for domain in own for end in (">", "")}
    # The domain as it is written is enough for nearly all, and ten thousand lists have many members.
    other = [member for member in members if member.rpartition("@")[2] not in there or member.count("@") != 1]
    outside = ", ".join(sorted({member for member in other if email.domain_of(member) not in own}))
    if outside:
        listed = ", ".join(policy.own_domains)
        message = f"{label}: {outside} not at a domain of the organization ({listed})"
        yield Hazard("test-list-outside-domain", exactly(outside), message)


def standing(label: str, fields: Mapping[str, Value], policy: Policy, changes: Iterable[Change]) -> Iterable[Hazard]:
    """The hazards of a list that is on and that this plan does not write: nothing holds them, and they go on."""
    return () if any(change.field in RECIPIENTS for change in changes) else of_list(label, fields, policy)


def widened(label: str) -> Hazard:
    """Mail of this app, caught by a test list until now, would reach real people."""
    return Hazard("recipients-widened", email.SET_IN_APP, f"{label}: test list → real users")


def _connection(step: Step, wanted: Mapping[str, Value]) -> Iterable[Hazard]:
    changes = {change.field: change for change in step.changes}
    host = changes.get(email.HOST)
    if host is None or host.case != "create":
        yield from _weaker(_before(step), _after(step))
    renewed = {change.field for change in step.changes if change.case in NEW_CREDENTIAL}
    kept = {name for name in wanted if SPECS[name].secret and name not in renewed}
    if host and _sends_elsewhere(host) and kept:
        yield _kept(host)
    token_url = changes.get(email.TOKEN_URL)
    if token_url and _sends_elsewhere(token_url) and email.CLIENT_SECRET in kept:
        yield _kept(token_url)


def _weaker(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterable[Hazard]:
    """Settings that run get weaker. On the first create nothing runs yet, so nothing is lowered."""
    was, now = before.get(email.SECURITY), after.get(email.SECURITY)
    order = email.SECURITY_ORDER
    if isinstance(was, str) and was and isinstance(now, str) and order.get(now, 0) < order.get(was, STRONGEST):
        yield Hazard("security-lowered", now, f"transport security goes from {was} to {now}")
    had = before.get(email.AUTH_TYPE)
    if after.get(email.AUTH_TYPE) == "none" and had not in (None, "", "none"):
        yield Hazard("authentication-dropped", "none", f"authentication goes from {written(had)} to none")


def _sends_elsewhere(change: Change) -> bool:
    """Whether the credential gets another recipient. Undoing drift sends it back to where it was meant to go."""
    return change.case not in ("create", "together", "drift")


def _kept(change: Change) -> Hazard:
    was, now = written(change.before), written(change.after)
    return Hazard("host-changed-credential-kept", exactly(now), f"the credential of {was} would be sent to {now}")


def _sender(step: Step) -> Iterable[Hazard]:
    change = next((change for change in step.changes if change.field == email.SENDER_ADDRESS), None)
    if change is None or change.case == "create" or not isinstance(change.before, str) or not change.before:
        return
    was, now = email.domain_of(change.before), email.domain_of(written(change.after))
    if was != now:
        yield Hazard("sender-domain-changed", now or "none", f"the sender's domain goes from {was} to {now or 'none'}")


def _takeover(step: Step) -> Iterable[Hazard]:
    taken = [change for change in step.changes if change.case == "takeover"]
    if not taken or narrows(step):
        return
    to = "; ".join(f"{change.field}={written(change.after)}" for change in taken)
    was = "; ".join(f"{change.field}={written(change.before)}" for change in taken)
    yield Hazard("takeover", exactly(to), f"somebody outside Git set {was}")


def _uncovered(step: Step, policy: Policy, uncovered: Mapping[str, App]) -> Iterable[Hazard]:
    """Settings that let a stage send mail, and a binding that goes, leave apps without a test list of ours."""
    if policy.purpose == "production":
        return
    changed = {SPECS[change.field].unit for change in step.changes}
    if step.key.kind == CONFIGURATION and email.CONNECTION in changed and not renews_only(step):
        yield from map(_unbound, uncovered.values())
    elif step.key.kind == BINDING and step.action == "unmanage" and step.key.id in uncovered:
        yield _unbound(uncovered[step.key.id])


def _unbound(app: App) -> Hazard:
    return Hazard(
        "uncovered-app", exactly(app.name), f"{app.name} is bound by nobody: its mail goes where the app says"
    )


def heals_only(step: Step) -> bool:
    """Whether the step does nothing but put drift right, with the rest of its group as it is."""
    cases = {change.case for change in step.changes}
    return bool(cases & DRIFT) and cases <= DRIFT | {"together"}


def outside_window(policy: Policy, *, healing: bool = False) -> tuple[Hazard, ...]:
    """Now is not a time to write. Never said of narrowing and of a renewed credential: waiting is the greater harm."""
    reason = policy.outside_heal_window if healing else policy.outside_window
    outside = OUTSIDE_HEALING if healing else "outside the stage's window"
    return (Hazard("outside-window", exactly(reason), f"{outside}: {reason}"),) if reason else ()


def foreign_pending(label: str, names: Iterable[str]) -> Hazard:
    """Making this app's values live would make somebody else's pending values live too."""
    listed = ", ".join(sorted(names))
    message = f"{label}: would also make live what somebody else left pending: {listed}"
    return Hazard("foreign-pending", exactly(listed), message)
