"""The one exception tree of stagemail, split by what the reader can do about it.

::

    StagemailError
    ├── UserMustFix            the user must change something, then run again
    │   ├── UsageError         the command line asks for something that cannot be (exit 2)
    │   ├── InvalidInput       documents or operator file are wrong; carries every Problem
    │   ├── NotPermitted       the platform or a store refuses us: says which permission
    │   ├── NotFound           a stage, app, revision, file, secret … that is named is not there
    │   ├── GrantRefused       a secret may not be used here; prints the grant that would allow it
    │   ├── SecretUnusable     a secret was found and cannot be used (too large, not text, no such version)
    │   │   ├── SecretEmpty        there is a secret, and it has no value
    │   │   └── SecretUnexpected   what answered is no secret store: a login page, another service
    │   ├── MappingMismatch    the platform's entries are not what the mapping file says
    │   └── ReadOnly           the target is read-only and something tried to write
    ├── TryLater               the same command may succeed later, nothing needs to change
    │   ├── Unreachable        no answer, or one that nobody can read
    │   ├── RateLimited        the platform's limit is used up; `retry_after` in seconds where known
    │   ├── Busy               another run holds the lease; says who and since when
    │   └── OutcomeUnknown     a write was sent and its answer never came: settled by reading
    └── NeverAgain             repeating it as it is would be wrong
        ├── StalePlan          revision or observed state moved since the plan was made
        ├── LeaseLost          another run has taken over: this one must not write any more
        ├── IncompleteListing  a listing ended early: absence in it proves nothing
        └── CorruptRecord      the record cannot be trusted; says how to go on without it

A message says what, where and the next step. A secret never enters an exception.
Not here: rendering, exit codes (``cli``), problems of documents as data (``model.problem``).
"""

from typing import Any


class StagemailError(Exception):
    """Anything that stagemail raises on purpose.

    ``message`` says what happened and where, ``hint`` the next step (may be empty).
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def sentence(self) -> str:
        """Message and next step in one line, for a report's row."""
        return f"{self.message.removesuffix('.')}; {self.hint}" if self.hint else self.message

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message


class UserMustFix(StagemailError):
    """The user must change something first."""


class UsageError(UserMustFix):
    """The command line asks for something that cannot be."""


class InvalidInput(UserMustFix):
    """Documents or the operator file are wrong; ``problems`` holds all of them (``model.problem.Problem``)."""

    def __init__(self, message: str, *, problems: tuple[Any, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class NotPermitted(UserMustFix):
    """The platform or a secret store refuses us; the message names the missing permission."""


class NotFound(UserMustFix):
    """Something that is named does not exist, or is not visible to us."""


class GrantRefused(UserMustFix):
    """The operator file does not grant this secret to this stage and destination."""


class SecretUnusable(UserMustFix):
    """A secret was found and cannot be used as it is."""


class SecretEmpty(SecretUnusable):
    """The secret has no value."""


class SecretUnexpected(SecretUnusable):
    """The answer is not what this store gives: an HTML login page, another service at its address."""


class MappingMismatch(UserMustFix):
    """The platform's entries are not (or no longer) what the mapping file says."""


class ReadOnly(UserMustFix):
    """The target is read-only and a write was about to leave."""


class TryLater(StagemailError):
    """The same command may succeed later."""


class Unreachable(TryLater):
    """No answer, or one that cannot be read."""


class RateLimited(TryLater):
    """The platform's limit is used up."""

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds to wait, where the platform said so."""


class Busy(TryLater):
    """Another run holds the lease."""


class OutcomeUnknown(TryLater):
    """A write was sent and its answer never came; only reading can settle it."""


class NeverAgain(StagemailError):
    """Repeating it as it is would be wrong."""


class StalePlan(NeverAgain):
    """Revision or observed state moved since the plan was made."""


class LeaseLost(NeverAgain):
    """Another run has taken over; this one must not write any more."""


class IncompleteListing(NeverAgain):
    """A listing ended early; absence in it proves nothing."""


class CorruptRecord(NeverAgain):
    """The record cannot be trusted."""
