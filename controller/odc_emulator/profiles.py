"""Eight named profiles: one choice each for everything about ODC that is undocumented.

Together they cover every pair of values of any two two-valued switches (`tests/emulator/test_profiles.py` pins the
pairs with three-valued switches that eight rows cannot hold). A client must work under every profile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Profile:
    """One way ODC may behave."""

    name: str
    stage_patch_propagates: bool
    """True: a stage PATCH is live in all apps at once. False: it stays pending in each until ApplyConfigs or a Deploy,
    and the stage's own list shows no deployedValue."""
    unknown_key: Literal["400", "404", "ignored"]
    """A PATCH with a key that does not exist: refused with 400, with 404 (`OS-CFGM-40406`), or 204 and ignored."""
    secret_reads: Literal["null", "asterisks"]
    """How a secret that is set reads back; one that is not set always reads null."""
    retry_after: bool
    """Whether 429 carries Retry-After (seconds of emulated time)."""
    keys: Literal["guid", "symbol"]
    """Keys of entries: GUIDs, or names such as `SMTP.Host`."""
    keys_differ_by_stage: bool
    """Whether the same entry has another key in each stage."""
    oauth_entries: Literal["always", "when-chosen"]
    """Whether the OAuth entries exist while authentication is not OAuth."""
    test_list_in_api: bool
    """Whether an app's test list and its Active toggle are among its system configurations."""
    booleans: Literal["True", "true"]
    """Spelling of booleans in values."""
    list_separator: Literal[",", ";", "\n"]
    """What stands between the members of a test list."""
    member_format: Literal["address", "named"]
    """Members of a test list: `a@example.com` or `Name <a@example.com>`."""
    updated_at: bool
    """Whether `updatedAt` is filled, or always null."""
    naming: Literal["A", "B", "C"]
    """Names of the entries and spelling of the authentication types (see `vocabulary`)."""
    transport_security: bool
    """Whether the stage has an entry for the transport security of the SMTP connection."""
    portfolio_key: bool
    """Whether environments name their portfolio, or have null there."""
    before_first_deploy: bool
    """Whether a PATCH with `revisionBaseline` sets values of an app that is not deployed in the stage yet, which its
    first deploy then makes live; or it is refused with 404."""


def _profile(name: str, switches: str) -> Profile:
    """A profile from a row of words in the order of the fields."""
    (
        live,
        unknown,
        masking,
        retry,
        keys,
        oauth,
        tests,
        booleans,
        separator,
        member,
        updated,
        naming,
        extra,
        portfolio,
        ahead,
    ) = switches.split()
    return Profile(
        name=name,
        stage_patch_propagates=live == "live",
        unknown_key={"400": "400", "404": "404"}.get(unknown, "ignored"),  # type: ignore[arg-type]
        secret_reads="null" if masking == "null" else "asterisks",
        retry_after=retry == "retry",
        keys="guid" if keys == "guid" else "symbol",
        keys_differ_by_stage=extra == "per-stage",
        oauth_entries="always" if oauth == "always" else "when-chosen",
        test_list_in_api=tests == "tests",
        booleans="True" if booleans == "True" else "true",
        list_separator={"comma": ",", "semicolon": ";"}.get(separator, "\n"),  # type: ignore[arg-type]
        member_format="named" if member == "named" else "address",
        updated_at=updated == "dated",
        naming=naming,  # type: ignore[arg-type]
        transport_security=extra == "security",
        portfolio_key=portfolio == "portfolio",
        before_first_deploy=ahead == "ahead",
    )


_ROWS = {
    "guid-pending": "pending ignored **** - guid always tests True newline address dated A - portfolio ahead",
    "guid-live": "live 404 null - guid always tests true semicolon address - C - - ahead",
    "symbol-pending": "pending 400 **** - symbol always tests true comma named dated B - - -",
    "symbol-live": "live 400 null retry symbol chosen tests True newline address - B - - -",
    "guid-per-stage": "live ignored **** retry guid chosen tests true comma named - A per-stage portfolio -",
    "transport-security": "pending 404 null retry symbol chosen tests True semicolon named dated C security "
    "portfolio ahead",
    "no-test-list-pending": "pending ignored null retry symbol always none True newline address - A - - -",
    "no-test-list-live": "live 400 **** - guid chosen none true semicolon address dated B - portfolio ahead",
}
PROFILES: Mapping[str, Profile] = MappingProxyType({name: _profile(name, row) for name, row in _ROWS.items()})
DEFAULT = "guid-pending"


def table() -> str:
    """The profiles as a text table: a row per switch, a column per profile."""
    switches = [f.name for f in fields(Profile) if f.name != "name"]
    header = ["switch", *PROFILES]
    rows = [[s, *(_cell(getattr(p, s)) for p in PROFILES.values())] for s in switches]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in [header, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "newline" if value == "\n" else str(value)
