"""What DNS answers, as data: records as text, or why there are none.

Text forms: A and AAAA an address; MX ``preference host`` without a final dot (``0 .`` is a null MX, RFC 7505); TXT the
strings of one record joined (RFC 7208 section 3.3). Not here: asking (``ports.Resolver``).
"""

from dataclasses import dataclass
from typing import Final, Literal

RecordKind = Literal["A", "AAAA", "MX", "TXT"]
AnswerStatus = Literal["found", "no-data", "no-domain", "failed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a name has of one kind. "failed": nobody knows (no answer, refused, broken); ``reason`` says why."""

    status: AnswerStatus
    records: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_void(self) -> bool:
        """Whether DNS says that there is nothing (RFC 7208 section 4.6.4: a void look-up)."""
        return self.status in ("no-data", "no-domain")


NO_DATA: Final = Answer("no-data")
NO_DOMAIN: Final = Answer("no-domain")
