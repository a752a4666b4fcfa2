"""What makes a credential weak although it can be used: told by ``secrets check``, and never with the value.

Values are looked at in memory. Not here: reading them (``credentials``), whether a server takes them (``preflight``).
Source: NIST SP 800-63B-4, 3.1.1.2 (length, blocklist).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from stagemail.model.secret import Secret
from stagemail.reconcile.granting import Use

SHORT: Final = 12
"""Characters below which a password is short: nobody types this one, so a long random one costs nothing."""

_PLACEHOLDERS: Final = frozenset(
    {
        "admin",
        "changeit",
        "changeme",
        "default",
        "dummy",
        "example",
        "foobar",
        "hunter",
        "letmein",
        "mail",
        "mailer",
        "none",
        "null",
        "pass",
        "passw0rd",
        "password",
        "p@ssw0rd",
        "placeholder",
        "qwerty",
        "replaceme",
        "root",
        "sample",
        "secret",
        "smtp",
        "smtppassword",
        "temp",
        "test",
        "testpassword",
        "todo",
        "topsecret",
        "user",
        "welcome",
        "yourpassword",
        "xxx",
    }
)
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")

Weak = Mapping[Use, tuple[str, ...]]


def weak(values: Mapping[Use, Secret], usernames: Mapping[str, str], production: Collection[str]) -> Weak:
    """What is weak in each value that was read. ``usernames``: by stage; ``production``: such stages."""
    stages: dict[str, set[str]] = {}
    for use, secret in values.items():
        stages.setdefault(secret.reveal(), set()).add(use.stage)
    return {
        use: (*_of(secret.reveal(), usernames.get(use.stage, "")), *_shared(use, stages[secret.reveal()], production))
        for use, secret in values.items()
    }


def _of(text: str, username: str) -> Iterator[str]:
    """Of one value by itself."""
    bare = text.strip()
    if bare != text:
        yield "begins or ends with a blank or a line end: was that meant?"
    if username and bare.casefold() in (username.casefold(), username.casefold().partition("@")[0]):
        yield "is the user name: give the account a password of its own"
    elif re.sub(r"[\W_]+", "", _AROUND.sub("", bare).casefold()) in _PLACEHOLDERS or not _AROUND.sub("", bare):
        yield "reads like a placeholder or one of the passwords that are tried first"
    elif len(bare) < SHORT:
        yield f"has fewer than {SHORT} characters"


def _shared(use: Use, stages: Collection[str], production: Collection[str]) -> Iterator[str]:
    """Whoever gets the lower stage's has production's."""
    others = sorted(stage for stage in stages if (stage in production) != (use.stage in production))
    if others:
        yield f"is the same as that of {', '.join(others)}: production's should be its own"
