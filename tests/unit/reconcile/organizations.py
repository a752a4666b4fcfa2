"""Organizations as Hypothesis draws them: entries of ODC with plain and odd values, apps with plain and odd names.

They are read as the target reads them; only HTTP is left out.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from stagemail.model import email
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.snapshot import Desired, Observed
from stagemail.reconcile.adopt_settings import Found
from stagemail.target.odc.check import APP_FIELDS, STAGE_FIELDS, check_desired
from stagemail.target.odc.mapping import CodecOptions, Level, MappedEntry, OdcMapping, StageMapping
from stagemail.target.odc.observation import observed_app, observed_stage
from stagemail.target.odc.payloads import AppConfigurations, Entry

ODD = (
    "",
    " ",
    "x" * 600,
    "a\x07b",
    "zero\u200bwidth",
    "p\u0430ypal",
    "<a@example.com>",
    "ünïcode",
    "on",
    "0465",
    "@x: #",
)
POOLS: Mapping[str, tuple[str | None, ...]] = {
    email.HOST: ("smtp.example.com", "SMTP.Example.com.", "10.0.0.7", "::1", "smtp_relay", "smtp.exämple.de", None),
    email.PORT: ("587", "25", "2525", "0", "70000", "five", "587.0", None),
    email.SECURITY: ("STARTTLS", "TLS", "None", "SSL/TLS", "whatever", None),
    email.AUTH_TYPE: ("None", "Basic", "OAuth 2.0", "XOAUTH2", "Kerberos", None),
    email.USERNAME: ("mailer@example.com", "mailer", None),
    email.PASSWORD: ("****", None),
    email.TOKEN_URL: ("https://login.example.com/token", "http://login.example.com/t", "https://x.example/t?a=1", None),
    email.CLIENT_ID: ("3f2a", None),
    email.CLIENT_SECRET: ("****", None),
    email.SCOPES: ("a b", "https://outlook.office365.com/.default", "a a", None),
    email.SENDER_NAME: ("Example", 'Ex: "ample", AG', "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", None),
    email.SENDER_ADDRESS: ("no-reply@example.com", "No <no@Example.com>", "no-at-sign", "a@[10.0.0.1]", None),
    email.RECIPIENTS_MODE: ("True", "False", "true", "1", None),
    email.TEST_LIST: (
        "qa@example.com", "qa@example.com, b@Example.com", "QA <qa@example.com>; B <b@example.com>", "foo", "a@b@c",
        '"QA, team" <qa@example.com>,b@example.com', "qa@example.com\nqa@example.com", "a@localhost", None,
    ),
}  # fmt: skip
SECRETS = frozenset({email.PASSWORD, email.CLIENT_SECRET})
OPTIONAL = tuple(name for name in email.SPECS if name != email.AUTH_TYPE)
NAMES = (
    "CRM", "Billing", "Portal", "Portal*", "p\u0430ypal", " blank", "app-2", "hid\u200bden", "Über", "x" * 200,
    "1e3", "Y",
)  # fmt: skip
PURPOSES = ("development", "non-production", "production")


def organization(
    stages: Mapping[str, Mapping[str, str | None]],
    apps: Mapping[str, Mapping[str, Mapping[str, str | None]]],
    purposes: Mapping[str, str] | None = None,
) -> tuple[list[Found], OdcMapping]:
    """An organization with these values: by stage, and by stage and app (``host`` in an app overrides the stage's).

    A value with `` -> `` in it is pending: what runs, and what is set.
    """
    levels: dict[str, Level] = {name: "app" if name in APP_FIELDS else "stage" for name in email.SPECS}
    levels.pop(email.SECURITY)
    made = StageMapping(environment="", entries=_entries_of(levels))
    mapping = OdcMapping(
        organization="x.example", stages={s: made.model_copy(update={"environment": f"env-{s}"}) for s in stages}
    )
    found = []
    for stage, values in stages.items():
        all_values = {**dict.fromkeys(levels), email.PORT: "587", email.AUTH_TYPE: "None", **values}
        purpose = (purposes or {}).get(stage, "non-production")
        found.append(_read(stage, purpose, mapping, all_values, apps.get(stage, {})))
    return found, mapping


def _read(
    stage: str, purpose: str, mapping: OdcMapping, values: Mapping[str, str | None],
    apps: Mapping[str, Mapping[str, str | None]],
) -> Found:  # fmt: skip
    own = mapping.stages[stage]
    identity = StageIdentity(f"env-{stage}", stage.upper(), purpose)
    at_stage = [_entry(name, values[name], values[name]) for name in own.at("stage")]
    seen = [observed_stage(Key(stage, CONFIGURATION, identity.key), stage, own, at_stage)]
    listed = []
    for name, mine in apps.items():
        listed.append(App(name, f"key-{name}", "WebApplication", 1))
        entries = [_own_entry(each, {**values, **mine}.get(each)) for each in own.entries]
        document = AppConfigurations(key=f"key-{name}", system_configurations=entries)
        seen.append(observed_app(Key(stage, BINDING, f"key-{name}"), name, own, document))
    return Found(
        stage=stage,
        environment=identity.name,
        purpose=purpose,
        inventory=Inventory(identity, tuple(sorted(listed))),
        observed=Observed(stage, identity, tuple(sorted(seen, key=lambda resource: resource.key))),
        check=check_desired(Desired(stage), mapping),
        refused_ports=frozenset({25}),
    )


def _own_entry(name: str, text: str | None) -> Entry:
    running, arrow, value = (text or "").partition(" -> ")
    return _entry(name, value, running) if arrow else _entry(name, text, text)


def _entries_of(levels: Mapping[str, Level]) -> dict[str, MappedEntry]:
    return {
        name: MappedEntry(key=f"key:{name}", name=name, data_type="Text", is_secret=name in SECRETS, level=level)
        for name, level in levels.items()
    }


@st.composite
def organizations(draw: st.DrawFn) -> tuple[list[Found], OdcMapping]:
    """One to three stages that have a mapping in common; often with equal values, so that something is shared."""
    options = CodecOptions(
        list_separator=draw(st.sampled_from(["comma", "semicolon", "newline"])),
        member_format=draw(st.sampled_from(["plain", "named"])),
    )
    likely = {name: draw(_value(name)) for name in email.SPECS}
    likely[email.HOST] = draw(st.sampled_from(["smtp.example.com", "mail.example.org", likely[email.HOST]]))
    names = [f"stage{number}" for number in range(draw(st.integers(1, 3)))]
    mapping = OdcMapping(organization="x.example", stages={n: draw(_mapping(n, options)) for n in names})
    return [draw(_stage(name, mapping, likely)) for name in names], mapping


def _value(name: str) -> st.SearchStrategy[str | None]:
    plain = st.sampled_from(POOLS[name])
    switches = (email.RECIPIENTS_MODE, email.PASSWORD, email.CLIENT_SECRET)
    return plain if name in switches else st.one_of(plain, plain, plain, st.sampled_from(ODD))


@st.composite
def _mapping(draw: st.DrawFn, name: str, options: CodecOptions) -> StageMapping:
    unknown = draw(st.sets(st.sampled_from(OPTIONAL), max_size=2))
    without = unknown | (set(APP_FIELDS) if draw(st.integers(0, 4)) == 0 else set())
    of_stage: Level = "stage" if draw(st.integers(0, 5)) == 0 else "app"
    levels: dict[str, Level] = {n: "stage" if n in STAGE_FIELDS else of_stage for n in email.SPECS if n not in without}
    entries = _entries_of(levels)
    return StageMapping(environment=f"env-{name}", entries=entries, codec=options)


@st.composite
def _stage(draw: st.DrawFn, name: str, mapping: OdcMapping, likely: Mapping[str, str | None]) -> Found:
    own = mapping.stages[name]
    identity = StageIdentity(f"env-{name}", name, draw(st.sampled_from(PURPOSES)))
    values = {n: draw(st.one_of(st.just(likely[n]), st.just(likely[n]), _value(n))) for n in own.at("stage")}
    stage = observed_stage(
        Key(name, CONFIGURATION, identity.key), name, own, [_entry(n, value, value) for n, value in values.items()]
    )
    chosen = draw(st.lists(st.sampled_from(NAMES), max_size=5))
    apps = tuple(
        sorted(App(app, f"app-{number}", "WebApplication", 1, draw(st.integers(0, 5)) > 0)
               for number, app in enumerate(chosen))
    )  # fmt: skip
    seen = [draw(_app(name, app, own, values, likely)) for app in apps if app.bindable]
    return Found(
        stage=name,
        environment=identity.key,
        purpose=identity.purpose,
        inventory=Inventory(identity, apps),
        observed=Observed(name, identity, tuple(sorted([stage, *seen], key=lambda resource: resource.key))),
        check=check_desired(Desired(name), mapping),
        refused_ports=frozenset({25}),
    )


@st.composite
def _app(
    draw: st.DrawFn, stage: str, app: App, own: StageMapping, values: Mapping[str, str | None],
    likely: Mapping[str, str | None],
) -> Any:  # fmt: skip
    entries = []
    for name, value in values.items():
        mine = draw(_value(name)) if draw(st.integers(0, 30)) == 0 else value
        running = draw(_value(name)) if draw(st.integers(0, 30)) == 0 else mine
        entries.append(_entry(name, mine, running))
    if draw(st.integers(0, 8)):
        for name in own.at("app"):
            mine = draw(st.one_of(st.just(likely[name]), _value(name)))
            running = draw(_value(name)) if draw(st.integers(0, 9)) == 0 else mine
            entries.append(_entry(name, mine, running))
    foreign = [Entry(key="x", name="ApiUrl", value="a", deployed_value="b")] if draw(st.integers(0, 9)) == 0 else []
    document = AppConfigurations(key=app.key, system_configurations=entries, settings=foreign)
    return observed_app(Key(stage, BINDING, app.key), app.name, own, document)


def _entry(name: str, value: str | None, running: str | None) -> Entry:
    return Entry(
        key=f"key:{name}",
        name=name,
        data_type="Text",
        is_secret=name in SECRETS,
        value=value,
        deployed_value=running,
        value_origin="EnvironmentLevelOverride" if value is not None else "EnvironmentLevelDefault",
        value_set_after_deploy=value != running,
    )
