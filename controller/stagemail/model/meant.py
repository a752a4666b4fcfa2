"""Which fields are meant to differ between stages: the product's own table, and what an operator file declares.

Pure. Not here: comparing (``reconcile.compare``), the shape in the operator file (``resources.comparing``).
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model import email

BOUND_FIELD: Final = "bound"
"""Whether a binding of the stage names the app."""
DEPLOYED_FIELD: Final = "deployed"
"""Whether the app is deployed in the stage."""
COMPARABLE: Final = (*email.SPECS, BOUND_FIELD, DEPLOYED_FIELD)
"""Everything that two stages are compared by, in people's order."""

_CREDENTIAL: Final = "each stage has a credential of its own"
_SENDER: Final = "the sender says which stage it is"
MEANT: Final[Mapping[str, str]] = {
    email.HOST: "each stage may have a relay of its own",
    email.TOKEN_URL: "the token endpoint belongs to the credential",
    email.USERNAME: _CREDENTIAL,
    email.PASSWORD: _CREDENTIAL,
    email.CLIENT_ID: _CREDENTIAL,
    email.CLIENT_SECRET: _CREDENTIAL,
    email.SENDER_NAME: _SENDER,
    email.SENDER_ADDRESS: _SENDER,
    email.TEST_LIST: "each stage has testers of its own",
    DEPLOYED_FIELD: "apps are deployed one stage after the other",
}
"""The fields that are meant to differ, with the reason; everything else should be equal (docs: compare two stages)."""
PRODUCTION: Final = "production mails real people, other stages mail testers"
"""Why recipients' mode is meant to differ, between production and any other stage."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What an operator file declares besides the table: ``differ`` with a reason each; ``equal`` outweighs both."""

    differ: Mapping[str, str] = field(default_factory=dict)
    equal: frozenset[str] = frozenset()

    def why(self, name: str, *, beside_production: bool) -> str:
        """Why the field is meant to differ; "" where it is not. ``beside_production``: one of the two is production."""
        if name in self.equal:
            return ""
        if name == email.RECIPIENTS_MODE and name not in self.differ:
            return PRODUCTION if beside_production else ""
        return self.differ.get(name) or MEANT.get(name, "")
