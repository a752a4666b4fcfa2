"""Which entries exist for the API: OAuth ones perhaps only when chosen, the test list perhaps never."""

from odc_emulator import catalog, values, vocabulary
from odc_emulator.profiles import Profile
from odc_emulator.world import App, Entry, Stage


def has_system_configurations(app: App) -> bool:
    """Web and mobile apps have them; agents' schema knows none, and workflows send no email of their own."""
    return app.type in ("WebApplication", "MobileApplication")


def stage_entries(profile: Profile, stage: Stage, authentication: str | None = None) -> list[Entry]:
    """The stage's entries that exist now, or would exist with another authentication type."""
    chosen = authentication
    if chosen is None:
        entry = next((e for e in stage.entries if e.field == "authentication"), None)
        chosen = None if entry is None else values.stage_value(stage, entry)
    oauth = vocabulary.authentication_method(profile, chosen) == "oauth2"
    if profile.oauth_entries == "always" or oauth:
        return stage.entries
    return [e for e in stage.entries if e.field not in vocabulary.OAUTH_FIELDS]


def own_entries(profile: Profile, stage: Stage) -> list[Entry]:
    """The app-level system configurations that the API knows."""
    return [e for e in stage.app_entries if profile.test_list_in_api or e.field not in vocabulary.APP_FIELDS]


def app_index(profile: Profile, stage: Stage, app: App) -> dict[tuple[str, str, str], Entry]:
    """Every entry that an app PATCH may name, by (section, group key or "", entry key)."""
    index = dict(catalog.sections(profile.keys, app.key).index)
    if has_system_configurations(app):
        entries = [*stage_entries(profile, stage), *own_entries(profile, stage)]
        index |= {("systemConfigurations", "", e.key): e for e in entries}
    return index
