"""How the email entries are called, described and spelt: our invention, in three variants, with decoys beside them.

The real names inside ODC's `systemConfigurations` are unknown, so nothing may rely on these; a client has to discover
them. The logical field names (`host`, `port` …) are the emulator's own and never appear in the platform's API.
"""

from dataclasses import replace

from odc_emulator.profiles import Profile
from odc_emulator.world import Entry, derived_key

STAGE_FIELDS = (
    "host",
    "port",
    "security",
    "authentication",
    "username",
    "password",
    "tokenUrl",
    "clientId",
    "clientSecret",
    "scopes",
    "senderName",
    "senderAddress",
)
APP_FIELDS = ("testList", "testListActive")
EMAIL_FIELDS = STAGE_FIELDS + APP_FIELDS
OAUTH_FIELDS = frozenset({"tokenUrl", "clientId", "clientSecret", "scopes"})
SECRETS = frozenset({"password", "clientSecret", "restClientSecret"})

# field: (symbol, variant A, variant B, variant C)
NAMES: dict[str, tuple[str, str, str, str]] = {
    "host": ("SMTP.Host", "SMTP Server", "Email server host", "Server address"),
    "port": ("SMTP.Port", "SMTP Port", "Email server port", "Server port"),
    "security": ("SMTP.Security", "SMTP Security", "Email transport security", "Connection security"),
    "authentication": ("SMTP.AuthenticationType", "SMTP Authentication type", "Email authentication", "Auth method"),
    "username": ("SMTP.Username", "SMTP Username", "Email user name", "Server user"),
    "password": ("SMTP.Password", "SMTP Password", "Email password", "Server password"),
    "tokenUrl": ("SMTP.OAuth.TokenUrl", "SMTP Token URL", "Email OAuth token endpoint", "Token URL"),
    "clientId": ("SMTP.OAuth.ClientId", "SMTP Client ID", "Email OAuth client identifier", "Client ID"),
    "clientSecret": ("SMTP.OAuth.ClientSecret", "SMTP Client Secret", "Email OAuth client secret", "Client Secret"),
    "scopes": ("SMTP.OAuth.Scopes", "SMTP Scopes", "Email OAuth scopes", "Scopes"),
    "senderName": ("SMTP.Sender.Name", "Sender name", "Email sender name", "From name"),
    "senderAddress": ("SMTP.Sender.Address", "Sender email", "Email sender address", "From address"),
    "testList": ("Email.TestList", "Test list", "Email test recipients", "Test email addresses"),
    "testListActive": ("Email.TestList.Active", "Test list active", "Email test recipients enabled", "Enable"),
}
DESCRIPTIONS: dict[str, str] = {
    "host": "Name or IP address of the SMTP server that sends the emails of this stage.",
    "port": "Port of the SMTP server.",
    "security": "Transport security of the SMTP connection: STARTTLS, TLS or None.",
    "authentication": "How to authenticate at the SMTP server: {choices}.",
    "username": "User name for basic authentication at the SMTP server.",
    "password": "Password for basic authentication at the SMTP server.",
    "tokenUrl": "OAuth 2.0 token URL for the SMTP server's authentication.",
    "clientId": "OAuth 2.0 client ID for the SMTP server's authentication.",
    "clientSecret": "OAuth 2.0 client secret for the SMTP server's authentication.",
    "scopes": "OAuth 2.0 scopes for the SMTP server's authentication, separated by spaces.",
    "senderName": "Default sender name of emails.",
    "senderAddress": "Default sender address of emails.",
    "testList": "Email test list: addresses that receive all emails of this app while the test list is active.",
    "testListActive": "Send all emails of this app to its test list only (Active).",
}
TYPES = {"port": "Integer", "senderAddress": "Email", "testListActive": "Boolean"}
AUTHENTICATIONS: dict[str, tuple[str, str, str]] = {
    "A": ("None", "Basic", "OAuth2"),
    "B": ("none", "basic", "oauth"),
    "C": ("None", "Basic", "OAuth 2.0"),
}
SECURITIES = ("STARTTLS", "TLS", "None")

# What a careless matcher would pick instead.
STAGE_DECOYS = (
    Entry(
        "sessionTimeout", "Security.SessionTimeout", "Session timeout", "Minutes until a session ends.", "Integer", "20"
    ),
    Entry("enableDebug", "Debug.Enable", "Enable", "Enable debugging of apps in this stage.", "Boolean", "False"),
    Entry(
        "restClientSecret", "REST.ClientSecret", "REST Client Secret", "Client secret of the consumed REST API.", "Text"
    ),
    Entry("restServer", "REST.Server", "REST server address", "Base address of the consumed REST API.", "Text"),
    Entry("maxUploadSize", "Upload.MaxSize", "Max upload size", "Largest upload in MB.", "Integer", "30"),
)
APP_DECOYS = (
    Entry(
        "enableTracing",
        "Tracing.Enable",
        "Enable request tracing",
        "Trace each request of this app.",
        "Boolean",
        "False",
    ),
)


def spelt(profile: Profile, value: bool) -> str:
    """A boolean as this profile spells it."""
    return profile.booleans if value else {"True": "False", "true": "false"}[profile.booleans]


def authentication_value(profile: Profile, method: str) -> str:
    """How this profile spells `none`, `basic` or `oauth2`."""
    return AUTHENTICATIONS[profile.naming][("none", "basic", "oauth2").index(method)]


def authentication_method(profile: Profile, value: str | None) -> str:
    """`none`, `basic` or `oauth2` for a stored value; anything unknown counts as none."""
    spellings = AUTHENTICATIONS[profile.naming]
    return ("none", "basic", "oauth2")[spellings.index(value)] if value in spellings else "none"


def stage_entries(profile: Profile, stage_name: str) -> list[Entry]:
    """The definitions of a stage's default system configurations, decoys between them."""
    fields = [f for f in STAGE_FIELDS if f != "security" or profile.transport_security]
    email = [_email_entry(profile, stage_name, f) for f in fields]
    decoys = [_decoy(profile, stage_name, d) for d in STAGE_DECOYS]
    return [*decoys[:2], *email[:4], *decoys[2:4], *email[4:], *decoys[4:]]


def app_entries(profile: Profile, stage_name: str) -> list[Entry]:
    """The definitions of the system configurations that each app has for itself on a stage."""
    decoys = [_decoy(profile, stage_name, d) for d in APP_DECOYS]
    return [*decoys, *(_email_entry(profile, stage_name, f) for f in APP_FIELDS)]


def entry_key(profile: Profile, stage_name: str, field: str, symbol: str) -> str:
    """The key of an entry as the profile makes keys."""
    if profile.keys == "guid":
        return derived_key("entry", stage_name, field) if profile.keys_differ_by_stage else derived_key("entry", field)
    return f"{stage_name}.{symbol}" if profile.keys_differ_by_stage else symbol


def _email_entry(profile: Profile, stage_name: str, field: str) -> Entry:
    symbol, *names = NAMES[field]
    name = names["ABC".index(profile.naming)]
    choices = ", ".join(AUTHENTICATIONS[profile.naming])
    defaults = {
        "port": "587",
        "security": "STARTTLS",
        "authentication": authentication_value(profile, "none"),
        "testListActive": spelt(profile, False),
    }
    return Entry(
        field=field,
        key=entry_key(profile, stage_name, field, symbol),
        name=name,
        description=DESCRIPTIONS[field].format(choices=choices),
        data_type=TYPES.get(field, "Text"),
        default=defaults.get(field),
        secret=field in SECRETS,
        email=field in STAGE_FIELDS,
    )


def _decoy(profile: Profile, stage_name: str, decoy: Entry) -> Entry:
    key = entry_key(profile, stage_name, decoy.field, decoy.key)
    default = spelt(profile, False) if decoy.data_type == "Boolean" else decoy.default
    return replace(decoy, key=key, default=default, secret=decoy.field in SECRETS)
