"""What an app has beside its system configurations: settings, timers, integrations, libraries.

The same for every app. They exist so that values that are none of a client's business can be pending in any section.
Their `field` is a path,
`settings/ApiUrl`, that names the value in the control API and the ledger.
"""

from dataclasses import dataclass
from functools import lru_cache

from odc_emulator.world import Entry, derived_key


@dataclass(frozen=True, slots=True)
class Group:
    """A timer, an integration or a library with its entries."""

    section: str
    key: str
    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections of one app; `index` finds an entry by (section, group key or "", entry key)."""

    settings: tuple[Entry, ...]
    timers: tuple[Group, ...]
    integrations: tuple[Group, ...]
    libraries: tuple[Group, ...]
    index: dict[tuple[str, str, str], Entry]

    def entries(self) -> list[Entry]:
        """Every entry of every section."""
        return list(self.index.values())


@lru_cache(maxsize=4096)
def sections(keys: str, app: str) -> Sections:
    """The sections of the app with key `app`; `keys` is the profile's kind of key (`guid` or `symbol`)."""

    def key(path: str) -> str:
        return derived_key("app", app, path) if keys == "guid" else path.replace("/", ".")

    def entry(
        path: str, name: str, data_type: str = "Text", default: str | None = None, *, secret: bool = False
    ) -> Entry:
        return Entry(path, key(path), name, f"{name} of this app.", data_type, default, secret)

    def group(section: str, name: str, *entries: Entry) -> Group:
        return Group(section, key(f"{section}/{name}"), name, entries)

    settings = (
        entry("settings/ApiUrl", "ApiUrl", default="https://api.example.com"),
        entry("settings/ApiKey", "ApiKey", secret=True),
    )
    timers = (
        group("timers", "NightlyCleanup", entry("timers/NightlyCleanup/Schedule", "Schedule", default="0 2 * * *")),
    )
    integrations = (
        group(
            "integrations",
            "LedgerApi",
            entry("integrations/LedgerApi/BaseUrl", "Base URL", default="https://ledger.example.com"),
            entry("integrations/LedgerApi/Password", "Password", secret=True),
        ),
    )
    libraries = (group("libraries", "Theme", entry("libraries/Theme/BrandColor", "BrandColor", default="#c00")),)
    index = {("settings", "", e.key): e for e in settings}
    for each in (*timers, *integrations, *libraries):
        index |= {(each.section, each.key, e.key): e for e in each.entries}
    return Sections(settings, timers, integrations, libraries, index)
