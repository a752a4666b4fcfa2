"""Who decides, by this machine's Git and login, and where it is written down.

Not here: deciding (``reconcile.deciding``).
"""

import secrets
from pathlib import Path

from stagemail import git
from stagemail.model.revision import Commit
from stagemail.reconcile.deciding import Desk, Person
from stagemail.wiring.identity import actor
from stagemail.wiring.installation import Installation
from stagemail.wiring.running import Running

MOST = 200
"""Commits whose authors may not approve; an approval is for a change, not for a whole history."""


def desk(running: Running, root: Path) -> Desk:
    """Where this person's decisions are written down."""
    now = running.clock.now()
    person = Person(actor(), git.whoami(git.discover(root)))
    return Desk(running.record, running.record, lambda: f"decision-{secrets.token_hex(8)}", now, person)


def commits_of(installation: Installation, root: Path, stage: str, applied: str, revision: str) -> tuple[Commit, ...]:
    """The commits of a stage's documents since it was Ready last: all of them where it never was, at least one."""
    repository = git.discover(root)
    if repository is None or not git.is_full_id(revision):
        return ()
    folders = list(installation.operator.folders_of(stage))
    is_known = git.is_full_id(applied) and git.has(repository, applied)
    found = git.log(repository, revision, folders, MOST, since=applied if is_known else None)
    return found or git.log(repository, revision, folders, 1)
