"""Every code of a finding: how bad it is, what it says, what to write instead, and who says so.

The reference page is made from this. Words in braces are filled from the message. Not here: looking for them.
"""

from collections.abc import Mapping
from typing import Final

from stagemail.review.rule import Rule
from stagemail.review.rules_body import BODY
from stagemail.review.rules_header import HEADER
from stagemail.review.rules_structure import STRUCTURE

GROUPS: Final[Mapping[str, Mapping[str, Rule]]] = {
    "The message and its parts": STRUCTURE,
    "Subject, sender and other header fields": HEADER,
    "Text, links, images, HTML and CSS": BODY,
}
RULES: Final[Mapping[str, Rule]] = {code: rule for group in GROUPS.values() for code, rule in group.items()}
