"""The runs and decisions that a copy of the journal tells of, without any database.

Not here: reading the copy (``journal_branch``).
"""

import json
from collections.abc import Iterable
from contextlib import suppress

from stagemail.errors import CorruptRecord
from stagemail.model.event import Anew, Event
from stagemail.record.git_branch_facts import decode_fact
from stagemail.record.ledger import Ledger


def told(lines: Iterable[Event | Anew]) -> Ledger:
    """What all lines come to, also those of a database that was before. What nobody here understands is left out."""
    known = Ledger()
    for line in lines:
        if isinstance(line, Event) and line.kind in ("run", "intent", "settled", "decision"):
            with suppress(CorruptRecord):
                known.learn([decode_fact({"kind": line.kind, "stage": line.stage, "body": json.loads(line.body)})])
    return known
