"""What is wrong in documents before anybody asked for its line, and the list of all codes.

Not here: lines (``source.located``), rendering (``report``).
"""

from typing import Final

from stagemail.dataclass import dataclass
from stagemail.model.location import Place
from stagemail.model.problem import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by place.

    ``related`` are the other places that take part; ``stages`` those that an error keeps from being acted on.
    """

    place: Place
    code: str
    message: str
    remedy: str = ""
    severity: Severity = "error"
    related: tuple[Place, ...] = ()
    stages: tuple[str, ...] = ()


SHAPE_CODES: Final[dict[str, str]] = {
    "unknown-version": "apiVersion is not one that this release reads",
    "unknown-kind": "kind is none that stagemail knows",
    "unknown-field": "a field that this kind does not have",
    "missing-field": "a field that must be there",
    "empty-value": "a field without a value",
    "wrong-type": "a value of another type than the field takes",
    "not-a-choice": "a value that is none of the choices",
    "out-of-range": "a number that is too small or too large",
    "wrong-length": "a text or list that is too short or too long",
    "duplicate-entry": "an entry that stands twice in a list",
    "bad-text": "a text with characters that the field does not take",
    "bad-address": "a text that is no mail address",
    "bad-host": "a text that is neither a host name nor an IP address",
    "bad-url": "a text that is no token URL",
    "bad-domain": "a text that is no domain of a platform",
    "bad-date": "a text that is no date",
    "literal-secret": "a credential where only a reference to one may stand",
}
"""Codes that come from the shape of one document."""

MEANING_CODES: Final[dict[str, str]] = {
    "operator-in-source": "an operator file among the documents of stages",
    "confusable-name": "a name that mixes letters of several scripts",
    "stages-required": "a document in a shared folder that does not say which stages it is for",
    "unknown-stage": "a stage that the operator file does not define",
    "stage-outside-folder": "a document that claims a stage from outside the stage's folders",
    "folder-of-no-stage": "a document in a folder that belongs to no stage",
    "empty-stage": "a stage without any document",
    "duplicate-configuration": "two configurations for one stage",
    "duplicate-name": "two documents of one kind and name in one stage",
    "missing-configuration": "a binding in a stage without a configuration",
    "wrong-configuration": "a binding that names a configuration which is not its stage's",
    "duplicate-claim": "two bindings that claim an app equally",
    "unused-except": "an exception without a pattern that it could except from",
    "unknown-store": "a secret store that the operator file does not define",
    "waiver-expired": "a waiver whose day has passed",
    "authentication-retired": "a login that its provider has retired: plan refuses a new configuration (a warning)",
    "authentication-retires": "a login that its provider will retire: the day and the source are named (a warning)",
    "secret-expired": "a credential whose day has passed",
    "no-operator-file": "checks that need the operator file and were left out",
}
"""Codes that come from documents together, and from the operator file."""

OPERATOR_CODES: Final[dict[str, str]] = {
    "unknown-type": "a type of target or secret store that is not installed",
    "wrong-settings": "settings that a target or secret store does not take",
    "unknown-target": "a target that the operator file does not define",
    "unknown-source": "a source that the operator file does not define",
    "login-without-https": "a login for a Git server that is not reached over https",
    "duplicate-environment": "two stages on one environment of a target",
    "dependency-cycle": "stages that wait for each other",
    "soak-of-nothing": "a `soak` of a stage that depends on none: it would hold nothing",
    "folder-outside": "a folder outside the repository",
    "bad-destination": "a destination of a grant that is neither host:port nor a token URL",
    "hold-and-warn": "a hazard that shall both hold and only warn",
}
"""Codes of the operator file itself, besides those of shapes, unknown-stage, unknown-store and literal-secret."""
