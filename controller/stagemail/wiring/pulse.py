"""Whether the record answered when it was last asked: what `/readyz` tells of it.

Not here: asking (``shielded``), telling (``web``).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from stagemail.errors import CorruptRecord, StagemailError, Unreachable, UserMustFix


class Pulse:
    """``trouble`` is what was wrong when the record was last asked, in a sentence; "" where it answered.

    A lease that another holds, or that was lost, is an answer. Safe to be used from several threads.
    """

    def __init__(self) -> None:
        self.trouble = ""

    @contextmanager
    def felt(self) -> Iterator[None]:
        """Note how one call ends."""
        try:
            yield
        except (Unreachable, UserMustFix, CorruptRecord) as error:
            self.trouble = error.sentence
            raise
        except StagemailError:
            self.trouble = ""
            raise
        self.trouble = ""
