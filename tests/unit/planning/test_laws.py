"""The laws of planning, over generated stages with a past: who wrote what, what Git wanted before, what is pending."""

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.planning.stage import IDENTITY, REF, STAGE, STAGE_KEY, binding, same, waive
from tests.unit.planning.world import APPS, Wish, World

from stagemail.model import email
from stagemail.model.field import Value
from stagemail.model.policy import Policy
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Binding
from stagemail.model.step import Step
from stagemail.planning import Situation, plan_stage
from stagemail.planning.hazards import narrows, renews_only, widens

ANYTHING_GOES = Policy(STAGE, "non-production", hold=frozenset())
CANARY = "canary-"
OTHER_REF = SecretRef("vault", "smtp")
EXAMPLES = settings(max_examples=120, deadline=None)

LISTS = st.sampled_from([("qa@example.com",), ("qa@example.com", "Zoe <zoe@far.example>"), ("b@example.com",)])
RECIPIENTS = st.one_of(
    st.just({email.RECIPIENTS_MODE: "set-in-app"}),
    LISTS.map(lambda members: {email.RECIPIENTS_MODE: "test-list", email.TEST_LIST: members}),
)
SERVERS = st.fixed_dictionaries(
    {
        email.HOST: st.sampled_from(["smtp.example.com", "relay.example.com"]),
        email.PORT: st.sampled_from([25, 587]),
        email.SECURITY: st.sampled_from(["none", "starttls", "tls"]),
    }
)
REFS = st.sampled_from([REF, OTHER_REF])
LOGINS = st.one_of(
    st.just({email.AUTH_TYPE: "none"}),
    st.fixed_dictionaries(
        {email.AUTH_TYPE: st.just("basic"), email.USERNAME: st.sampled_from(["a", "b"]), email.PASSWORD: REFS}
    ),
    st.fixed_dictionaries(
        {
            email.AUTH_TYPE: st.just("oauth2"),
            email.TOKEN_URL: st.just("https://login.example.com/token"),
            email.CLIENT_ID: st.just("id"),
            email.CLIENT_SECRET: REFS,
            email.SCOPES: st.sampled_from([(), ("mail",)]),
        }
    ),
)
SENDERS = st.sampled_from([{}, {email.SENDER_ADDRESS: "a@example.com"}, {email.SENDER_ADDRESS: "a@qa.example.com"}])
TEXTS = st.sampled_from([f"{CANARY}1", f"{CANARY}2", f"{CANARY}3"])


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """What Git may want; names only, so that the test needs no resolving of its own."""
    bound = draw(st.lists(st.sampled_from(APPS), unique=True))
    binds: list[Binding] = []
    for name in bound:
        own = draw(st.one_of(st.just({}), RECIPIENTS))
        binds.append(binding(name, name=f"b-{name.lower()}", fields=own))
    fields: dict[str, Value] = {}
    for part in (SERVERS, LOGINS, SENDERS, RECIPIENTS):
        fields.update(draw(part))  # type: ignore[arg-type]
    return Wish(fields, tuple(binds), {REF: draw(TEXTS), OTHER_REF: draw(TEXTS)})


STAGE_VALUES: dict[str, st.SearchStrategy[Value]] = {
    email.HOST: st.sampled_from(["theirs.example", "smtp.example.com"]),
    email.PORT: st.sampled_from(["587", 25, 2525]),
    email.SECURITY: st.sampled_from(["none", "tls"]),
    email.AUTH_TYPE: st.sampled_from(["none", "basic"]),
    email.USERNAME: st.just("theirs"),
    email.SENDER_ADDRESS: st.just("x@theirs.example"),
}
APP_VALUES: dict[str, st.SearchStrategy[Value]] = {
    email.RECIPIENTS_MODE: st.sampled_from(["set-in-app", "test-list"]),
    email.TEST_LIST: st.sampled_from([("x@theirs.example",), ("qa@example.com",)]),
}


@st.composite
def deeds(draw: st.DrawFn) -> Callable[[World], None]:
    """Something that a person does to the platform by hand."""
    kind = draw(st.sampled_from(["stage", "secret", "app", "foreign", "new"]))
    pending = draw(st.booleans())
    app = draw(st.sampled_from(APPS))
    values = STAGE_VALUES if kind == "stage" else APP_VALUES
    name = draw(st.sampled_from(sorted(values)))
    value, text = draw(values[name]), draw(TEXTS)

    def do(world: World) -> None:
        key = STAGE_KEY if kind in ("stage", "secret") else world.keys[app]
        if kind == "foreign":
            world.target.leave_pending(key, "Timer")
        elif kind == "secret":
            world.target.set(key, email.PASSWORD, Secret(text), pending=pending)
        elif kind in ("stage", "app"):
            world.target.set(key, name, value, pending=pending)  # type: ignore[arg-type]
        elif kind == "new":
            world.target.add_app(STAGE, replace(world.target.inventory(STAGE).apps[0], revision=2))

    return do


@st.composite
def worlds(draw: st.DrawFn, *, evidence: bool | None = None) -> World:
    """A platform with a past: what people did, what was applied of an earlier wish, what people did then."""
    when = st.sampled_from(["live", "pending"])
    told = draw(st.booleans()) if evidence is None else evidence
    world = World(draw(when), draw(when), evidence=told)  # type: ignore[arg-type]
    for _ in range(draw(st.integers(0, 2))):
        for deed in draw(st.lists(deeds(), max_size=4)):
            deed(world)
        wish, policy = draw(wishes()), draw(st.sampled_from([ANYTHING_GOES, Policy(STAGE, "non-production")]))
        world.apply(wish, world.plan(wish, policy))
    for deed in draw(st.lists(deeds(), max_size=4)):
        deed(world)
    return world


@EXAMPLES
@given(worlds(), wishes())
def test_applying_a_plan_gives_what_git_wants_and_planning_again_gives_nothing(world: World, wish: Wish) -> None:
    world.apply(wish, world.plan(wish, ANYTHING_GOES))
    for key in (STAGE_KEY, *world.keys.values()):
        seen = world.see(key).fields
        for name, want in world.wanted(wish, key).items():
            assert email.SPECS[name].secret or same(name, want, seen[name].value), (key, name)
    for key in world.keys.values():
        seen = world.see(key).fields
        for name, want in {**world.wanted(wish, STAGE_KEY), **world.wanted(wish, key)}.items():
            assert email.SPECS[name].secret or same(name, want, seen[name].live), (key, name)
    again = world.plan(wish, ANYTHING_GOES)
    assert (again.steps, again.adopt) == ((), ())


@EXAMPLES
@given(worlds(evidence=True), wishes())
def test_a_secret_that_we_call_verified_is_the_one_of_the_store_and_runs_in_every_app(world: World, wish: Wish) -> None:
    world.apply(wish, world.plan(wish, ANYTHING_GOES))
    applied = world.applied[STAGE_KEY].fields
    for name, ref in world.wanted(wish, STAGE_KEY).items():
        if isinstance(ref, SecretRef) and applied[name].verified:
            assert world.target.holds(STAGE_KEY, name, wish.secrets[ref])
            assert all(world.target.holds(key, name, wish.secrets[ref]) for key in world.keys.values())


@EXAMPLES
@given(worlds(), wishes())
def test_without_a_waiver_no_app_goes_from_a_test_list_to_real_people(world: World, wish: Wish) -> None:
    """Not by a write, and not by making live what somebody left pending."""
    before = world.caught()
    plan = world.plan(wish)
    assert not any(step.action == "write" and widens(step) for step in plan.runnable)
    world.apply(wish, plan)
    assert before <= world.caught()


@EXAMPLES
@given(worlds(), wishes())
def test_narrowing_is_always_done(world: World, wish: Wish) -> None:
    plan = world.plan(wish)
    assert all(step.runnable for step in plan.steps if step.action == "write" and narrows(step))


def renews(step: Step) -> bool:
    """It sends a rotated credential and nothing else, or makes that live where nothing else is pending."""
    return renews_only(step) if step.action == "write" else step.action == "activate" and step.if_pending


@EXAMPLES
@given(worlds(), wishes(), st.sampled_from(["identity", "mass"]))
def test_a_hazard_of_the_whole_plan_lets_nothing_run_until_it_is_accepted(world: World, wish: Wish, why: str) -> None:
    situation = world.situation(wish, replace(ANYTHING_GOES, hold=frozenset({"identity-changed", "mass-change"})))
    if why == "identity":
        situation = replace(situation, applied=replace(situation.applied, identity=replace(IDENTITY, name="Other")))
    else:
        policy = replace(situation.policy, mass_absolute=0, mass_relative=0.0)
        situation = replace(situation, policy=policy)
    plan, _ = plan_stage(situation)
    if not plan.hazards:
        return
    assert plan.adopt == ()
    assert all(why == "mass" and renews(step) for step in plan.runnable)
    waivers = tuple(waive(hazard.kind, hazard.to) for hazard in plan.hazards)
    accepted, _ = plan_stage(replace(situation, desired=replace(situation.desired, waivers=waivers)))
    assert accepted.runnable == accepted.steps


@EXAMPLES
@given(worlds(), wishes(), st.randoms(use_true_random=False))
def test_the_order_of_input_does_not_matter(world: World, wish: Wish, dice: random.Random) -> None:
    extra = (binding("*", name="z-all"), binding("A", "B*", "Later", name="z-more"))
    situation = world.situation(Wish(wish.fields, wish.binds + extra, wish.secrets))
    waivers = tuple(waive("recipients-widened", "set-in-app", app, name=f"w-{app}") for app in APPS)
    situation = replace(situation, desired=replace(situation.desired, waivers=waivers))
    assert repr(plan_stage(shuffled(situation, dice))[0]) == repr(plan_stage(situation)[0])


def shuffled(s: Situation, dice: random.Random) -> Situation:
    def mixed(items):
        return tuple(dice.sample(items, len(items)))

    def turned(mapping):
        return dict(mixed(list(mapping.items())))

    configuration = s.desired.configuration
    binds = tuple(replace(bound, apps=mixed(bound.apps), fields=turned(bound.fields)) for bound in s.desired.bindings)
    desired = replace(
        s.desired,
        configuration=replace(configuration, fields=turned(configuration.fields)) if configuration else None,
        bindings=mixed(binds),
        waivers=mixed(s.desired.waivers),
    )
    seen = tuple(replace(r, fields=turned(r.fields), foreign=mixed(r.foreign)) for r in s.observed.resources)
    known = tuple(replace(r, fields=turned(r.fields)) for r in s.applied.resources)
    return replace(
        s,
        desired=desired,
        inventory=replace(s.inventory, apps=mixed(s.inventory.apps)),
        observed=replace(s.observed, resources=mixed(seen)),
        applied=replace(s.applied, resources=mixed(known)),
        secrets=turned(s.secrets),
    )


@EXAMPLES
@given(worlds(), wishes(), st.booleans())
def test_masked_stays_masked(world: World, wish: Wish, read: bool) -> None:
    situation = world.situation(wish)
    plan, resolved = plan_stage(situation if read else replace(situation, secrets={}))
    assert CANARY not in repr(plan)
    assert CANARY not in repr(resolved)


@EXAMPLES
@given(worlds(), wishes())
def test_a_plan_is_the_same_twice_and_its_fingerprint_follows_the_platform(world: World, wish: Wish) -> None:
    plan = world.plan(wish)
    assert plan == world.plan(wish)
    world.target.set(STAGE_KEY, email.PORT, 4711)
    assert world.plan(wish).observed != plan.observed


@EXAMPLES
@given(worlds(), wishes())
def test_a_run_without_credentials_plans_the_same_outside_authentication(world: World, wish: Wish) -> None:
    unread, _ = plan_stage(replace(world.situation(wish), secrets={}))
    group = set(email.SPECS.together(email.AUTH_TYPE))
    read, blind = (
        {(step.key, change) for step in plan.steps for change in step.changes if change.field not in group}
        for plan in (world.plan(wish), unread)
    )
    assert read == blind
