"""A reference to a credential: the only thing that a secret field takes.

Not here: reading stores (``secret``), deciding who may use what (``reconcile.credentials``).
"""

from stagemail.resources.shape import Shape, rule
from stagemail.resources.text import DateText, Line, Name

_STORES = "stagemail design: credentials are references into secret stores"


class SecretKey(Shape):
    """Where a credential is kept: a store of the operator file, and the key in it."""

    store: Name = rule("A secret store of the operator file.", example="env", source=_STORES)
    key: Line = rule("The credential's name in that store.", example="SMTP_QA", source=_STORES)
    field: Line | None = rule(
        "One member of a credential that has several (a JSON object, a Vault secret).",
        example="password",
        source=_STORES,
        default=None,
    )
    version: Line | None = rule(
        "Pins one version of the store, as text; left out: the newest.", example="7", source=_STORES, default=None
    )
    expires: DateText | None = rule(
        "When this credential runs out, as people know it: a warning is shown from that day on.",
        example="2026-12-31",
        source="ODC docs: client secrets expire; RFC 3339 section 5.6",
        default=None,
    )


class SecretReference(Shape):
    """A credential that is kept elsewhere. The credential itself is never written here."""

    secret_ref: SecretKey = rule(
        "Where the credential is kept.", example={"store": "env", "key": "SMTP_QA"}, source=_STORES
    )
