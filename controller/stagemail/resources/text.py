"""The texts that authored documents are made of: names, lines, addresses, hosts, dates, each with its limits.

Not here: what a format means (``formats``), shapes made of these texts (one module per kind).
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from stagemail.resources import formats

NAME_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""Names of documents, stages, targets and stores: a DNS label (RFC 1123, 2.1)."""

LINE_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
"""One line without control characters: nothing can break out of a mail header (RFC 5322, 2.2)."""

DISPLAY_NAME_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029<>]+$"
"""A line without angle brackets: a display name must not look like another address."""

DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
"""A full date (RFC 3339, 5.6)."""

FOLDER_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f\\/]+(/[^\u0000-\u001f\u007f-\u009f\\/]+)*$"
"""A relative path with forward slashes; ``.`` and ``..`` are refused by the operator file's checks."""


SHARE_PATTERN: Final = r"^(0|0?\.[0-9]{1,6}|1|1\.0{1,6}|[0-9]{1,2}%|100%)$"
"""A share as text: strict YAML reads no decimal fractions, so people write 80%, or 0.8 in quotes."""


SELECTOR_PATTERN: Final = r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"
"""A DKIM selector: labels of a name (RFC 6376, 3.1); the underscore is what many relays use."""


def share_of(value: Any) -> Any:
    """The number that a share such as ``80%`` or ``0.8`` means. Raises ValueError."""
    if isinstance(value, str):
        if not re.fullmatch(SHARE_PATTERN[1:-1], value):
            raise ValueError("write a share as in 80%")
        return int(value[:-1]) / 100 if value.endswith("%") else float(value)
    return value


def _format(name: str) -> Any:
    """The validator of one format for a model, stated as ``format`` in its schema."""
    fault: Callable[[str], str] = formats.FAULTS[name]

    def check(text: str) -> str:
        wrong = fault(text)
        if wrong:
            raise ValueError(f"not {formats.NOUNS[name]}: {wrong}")
        return text

    return AfterValidator(check)


def matching(pattern: str) -> Any:
    """The validator of a pattern that looks ahead: the models' own engine cannot."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.search(text):
            raise ValueError("not of the form that the schema states")
        return text

    return AfterValidator(check)


def _date(text: str) -> str:
    date.fromisoformat(text)
    return text


def _text(name: str, longest: int) -> Any:
    return WithJsonSchema({"type": "string", "format": name, "minLength": 1, "maxLength": longest})


BRANCH_RULE: Final = (
    r"(?!.*(\.\.|@\{|//|/\.|\.lock(/|$)))(?!@$)[^\u0000-\u0020\u007f-\u009f~^:?*\[\\/.-]"
    r"([^\u0000-\u0020\u007f-\u009f~^:?*\[\\]*[^\u0000-\u0020\u007f-\u009f~^:?*\[\\/.])?$"
)
"""The short name of a branch, and nothing behind it (git-check-ref-format; no hyphen at the beginning)."""


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE_PATTERN)]
Branch = Annotated[
    str,
    Field(min_length=1, max_length=250),
    matching(f"^{BRANCH_RULE}"),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 250, "pattern": f"^{BRANCH_RULE}"}),
]
DisplayName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=DISPLAY_NAME_PATTERN)]
AppText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=LINE_PATTERN)]
DateText = Annotated[
    str,
    StringConstraints(pattern=DATE_PATTERN),
    AfterValidator(_date),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DATE_PATTERN}),
]
Folder = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=FOLDER_PATTERN)]
Address = Annotated[str, Field(min_length=1, max_length=320), _format(formats.ADDRESS), _text(formats.ADDRESS, 320)]
Host = Annotated[str, Field(min_length=1, max_length=253), _format(formats.HOST), _text(formats.HOST, 253)]
TokenUrl = Annotated[
    str, Field(min_length=1, max_length=2000), _format(formats.TOKEN_URL), _text(formats.TOKEN_URL, 2000)
]
Domain = Annotated[str, Field(min_length=1, max_length=300), _format(formats.DOMAIN), _text(formats.DOMAIN, 300)]
DkimSelector = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=SELECTOR_PATTERN)]
Share = Annotated[
    float,
    Field(ge=0, le=1),
    BeforeValidator(share_of),
    WithJsonSchema({"type": ["string", "number"], "minimum": 0, "maximum": 1, "pattern": SHARE_PATTERN}),
]
"""A share from nothing to all; a number from 0 to 1 in the model."""
