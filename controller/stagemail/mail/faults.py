"""What ends a conversation, inside this package: a step's fault, with its cause as a stable code and in words.

Never leaves the package: ``probe`` makes a failed step of it. Not here: what a provider means by a reply
(``explaining``).
"""

from collections.abc import Mapping

from stagemail.model.probe import Fact


class Fault(Exception):
    """``code`` names the cause, ``cause`` says it, ``next_step`` what to do; ``reply`` is the server's, if it spoke."""

    def __init__(
        self,
        code: str,
        cause: str,
        next_step: str,
        *,
        reply: str = "",
        retry: bool = False,
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.cause = cause
        self.next_step = next_step
        self.reply = reply
        self.retry = retry
        self.facts = dict(facts or {})
        self.source = ""
