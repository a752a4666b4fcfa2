"""Lines of JSON on a branch: numbered, and each sealed together with the one before it.

A line is ``{"n", "at", …, "mac"}``. Its seal is HMAC-SHA-256 (RFC 2104) over the previous seal and the line's own bytes
up to ``mac``, so a line that was forged, changed, moved or taken out of the middle shows, with its place.
Not here: what lines say (``git_branch_lines``, ``journal_lines``), lines missing at the end (``branch_history``).
"""

import hmac
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from stagemail.errors import CorruptRecord
from stagemail.record.codec import Json

START: Final = ""
"""The seal before the first line of all."""
_SEALED: Final = re.compile(rb'(\{.*),"mac":"([0-9a-f]{64})"\}')


@dataclass(frozen=True, slots=True)
class End:
    """Where lines end: the number and the seal of the last one."""

    number: int = 0
    seal: str = START


class Sealing:
    """Writes and reads lines with one key.

    ``where`` is what a place starts with (``branch:file``), ``setting`` the name of the key in the operator file,
    ``way_out`` what to do about a line that is refused.
    """

    def __init__(self, key: bytes, where: str, *, setting: str, way_out: str) -> None:
        self._key = key
        self.where = where
        self._setting = setting
        self.way_out = way_out

    def line(self, said: Json, end: End, at: str) -> tuple[bytes, End]:
        """One line after those that end there, and where they end then. ``at``: ISO 8601."""
        number = end.number + 1
        open_ = json.dumps({"n": number, "at": at, **said}, separators=(",", ":")).encode("ascii").removesuffix(b"}")
        seal = self._seal(end.seal, open_)
        return open_ + f',"mac":"{seal}"}}\n'.encode("ascii"), End(number, seal)

    def split(self, data: bytes) -> list[bytes]:
        """The lines of a file. Raises CorruptRecord where the last one is not whole."""
        if not data.endswith(b"\n"):
            raise self.refused(data.count(b"\n") + 1, "is not a whole line")
        return data.removesuffix(b"\n").split(b"\n")

    def parts(self, line: bytes, place: int) -> tuple[dict[str, Any], str, bytes]:
        """What a line says, its seal, and the bytes that the seal is for. Raises CorruptRecord."""
        found = _SEALED.fullmatch(line)
        try:
            said = json.loads(line) if found else None
        except (ValueError, RecursionError):
            said = None
        if found is None or not isinstance(said, dict) or not isinstance(said.get("n"), int):
            raise self.refused(place, "is none of ours")
        return said, found[2].decode("ascii"), found[1]

    def check(self, line: bytes, place: int, before: End) -> tuple[dict[str, Any], End]:
        """What a line says that comes after ``before``, and where lines end with it. Raises CorruptRecord."""
        said, seal, open_ = self.parts(line, place)
        if said["n"] != before.number + 1:
            raise self.refused(
                place, f"has the number {said['n']} where {before.number + 1} should be: lines were removed or moved"
            )
        genuine = hmac.compare_digest(self._seal(before.seal, open_), seal)
        if not genuine and place == 1:
            raise self.refused(place, f"was changed, or sealed with another key than `{self._setting}` names")
        if not genuine:
            raise self.refused(place, "was forged or changed: its seal does not fit")
        return said, End(before.number + 1, seal)

    def refused(self, place: int, why: str) -> CorruptRecord:
        """The error about one line."""
        return CorruptRecord(f"{self.where}:{place} {why}; nothing of the record was believed", hint=self.way_out)

    def _seal(self, before: str, open_: bytes) -> str:
        return hmac.new(self._key, before.encode("ascii") + b"\n" + open_, sha256).hexdigest()
