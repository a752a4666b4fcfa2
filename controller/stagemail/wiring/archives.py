"""From the operator file's ``journal`` to the branch that the journal is copied to.

Not here: copying (``reconcile.archiving``), when (``archiver``).
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from stagemail import git
from stagemail.errors import NotFound, SecretUnusable, UsageError
from stagemail.model.run import Run
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.standing import Decision
from stagemail.record.git_branch_opening import SHORTEST
from stagemail.record.journal_branch import JournalBranch
from stagemail.record.journal_runs import told
from stagemail.resources.journal import Journal
from stagemail.resources.policy import secret_ref
from stagemail.source.cache_folder import default_folder
from stagemail.wiring.installation import Installation
from stagemail.wiring.sources import PROTOCOLS, access_of, address_of

Resolve = Callable[[SecretRef], Secret]


def archive_of(installation: Installation, resolve: Resolve) -> JournalBranch:
    """The branch. Its login is asked of its store for each round.

    Raises UsageError (no ``journal``), SecretUnusable (its key is too short), NotFound (no repository is named).
    """
    journal = installation.operator.journal
    if journal is None:
        raise UsageError(
            "the operator file names no branch for the journal's copy",
            hint="write `journal: {branch: stagemail-journal, key: {secretRef: …}}`",
        )
    secret = resolve(secret_ref(journal.key))
    if len(secret.reveal()) < SHORTEST:
        raise SecretUnusable(
            f"the secret of `journal.key` is shorter than {SHORTEST} characters", hint="make one: openssl rand -hex 32"
        )
    key = hmac.new(secret.reveal().encode(), f"stagemail journal lines v1\0{journal.branch}".encode(), "sha256")
    return JournalBranch(
        journal.branch, lambda: _branch(installation, journal, resolve), key.digest(), installation.clock.now
    )


class Past(Protocol):
    """What was done and decided: a record, or what its copy comes to."""

    def runs(self, stage: str | None, limit: int) -> tuple[Run, ...]:
        """See ``ports.Record.runs``."""
        ...

    def decisions(self) -> tuple[Decision, ...]:
        """See ``ports.Standings.decisions``."""
        ...


def on_branch(installation: Installation, resolve: Resolve) -> Past:
    """What the journal's copy on the branch tells of. Raises as a read."""
    return told(archive_of(installation, resolve).read())


def newest(past: Past, stages: Sequence[str], limit: int) -> list[Run | Decision]:
    """The newest runs and decisions of some stages, or of all where none is named, newest first.

    What was decided for all stages was decided for each of them.
    """
    found: list[Run | Decision] = [run for stage in stages or (None,) for run in past.runs(stage, limit)]
    found += [one for one in past.decisions() if not stages or one.stage in ("", *stages)]
    return sorted(found, key=_moment, reverse=True)[:limit]


def _moment(noted: Run | Decision) -> datetime:
    return noted.started if isinstance(noted, Run) else noted.at


def _branch(installation: Installation, journal: Journal, resolve: Resolve) -> git.RemoteBranch:
    operator = installation.operator
    own = journal.url is not None
    url = address_of(journal.url if own else operator.source.url, installation.base)
    if url is None:
        repository = git.discover(installation.base)
        if repository is None:
            raise NotFound(
                "the repository of the journal's branch is named nowhere",
                hint="write `journal.url`, or `source.url`",
            )
        return git.RemoteBranch(repository, journal.branch)
    login = journal.login if journal.login is not None or own else operator.source.login
    name = hashlib.sha256(f"{url}\n{journal.branch}\n{installation.path}".encode()).hexdigest()[:24]
    repository = git.workshop(url, default_folder() / "journals" / name, PROTOCOLS)
    return git.RemoteBranch(repository, journal.branch, access_of(login, url, resolve))
