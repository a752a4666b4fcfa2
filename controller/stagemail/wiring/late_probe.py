"""A prober of mail servers that is built when it is first asked: most runs ask none.

Not here: building it (``mail``).
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagemail.model.probe import Extent, Letter, Probed, Sent, Server
    from stagemail.ports import MailProbe


class LateProbe:
    """Implements ``ports.MailProbe`` by another one that is built when it is first asked."""

    def __init__(self, build: "Callable[[], MailProbe]") -> None:
        self._build = build

    @cached_property
    def _built(self) -> "MailProbe":
        return self._build()

    def probe(self, server: "Server", extent: "Extent") -> "Probed":
        """See ``ports.MailProbe.probe``."""
        return self._built.probe(server, extent)

    def send(self, server: "Server", letter: "Letter", begin: Callable[[], None]) -> "Sent":
        """See ``ports.MailProbe.send``."""
        return self._built.send(server, letter, begin)
