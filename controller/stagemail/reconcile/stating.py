"""Tells the Git host beside each commit what became of it in each stage. Implements ``ports.Observer``.

The same state is told once in this process; after a restart once more, which changes nothing there.
Not here: the hosts' ways (``host``), trying again (``courier``).
"""

from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Final

from stagemail.model.happening import Finished, Happening, Looked
from stagemail.model.notice import CommitState, CommitStatus
from stagemail.ports import GitHost
from stagemail.reconcile.courier import Courier
from stagemail.reconcile.derived import conditions_of

_HEX: Final = frozenset("0123456789abcdef")


class Stating:
    """``hosts``: the Git host of each source that has one, by the source's name."""

    def __init__(self, hosts: Mapping[str, GitHost], courier: Courier, *, scrub: Callable[[str], str] = str) -> None:
        self._hosts = hosts
        self._courier = courier
        self._scrub = scrub
        self._told: dict[tuple[str, str], CommitStatus] = {}
        self._lock = Lock()

    def saw(self, happening: Happening) -> None:
        """Tell the source's host, where it has one."""
        host = self._hosts.get(happening.source) if isinstance(happening, Finished | Looked) else None
        if host is None:
            return
        for status in _statuses(happening):
            if _is_commit(status.revision) and self._is_new(status):
                self._send(host, status)

    def _is_new(self, status: CommitStatus) -> bool:
        with self._lock:
            key = ("", status.context)
            if self._told.get(key) == status:
                return False
            self._told[key] = status
            return True

    def _send(self, host: GitHost, status: CommitStatus) -> None:
        what = f"commit status {status.context} of {status.revision[:12]}"
        text = CommitStatus(status.revision, status.context, status.state, self._scrub(status.description), status.url)

        def work() -> None:
            self._courier.tried(what, lambda: host.tell(text))

        self._courier.carry(what, work)


def _statuses(happening: Happening) -> Iterator[CommitStatus]:
    if isinstance(happening, Looked) and happening.is_new:
        for stage in happening.concerned:
            yield CommitStatus(happening.revision, f"stagemail/{stage}", "pending", "seen; its turn comes")
    elif isinstance(happening, Finished) and (happening.wanted or happening.revision):
        yield _of_stage(happening)


def _of_stage(of: Finished) -> CommitStatus:
    by_type = {condition.type: condition for condition in conditions_of(of)}
    ready, stalled = by_type.get("Ready"), by_type.get("Stalled")
    state: CommitState = "pending"
    said = "being reconciled"
    if stalled is not None and stalled.status == "True":
        state, said = "failure", f"{stalled.reason}: {stalled.message}"
    elif of.error:
        said = of.error
    elif ready is not None and ready.status == "True":
        state, said = "success", "live" if of.revision == of.wanted else "as Git wants"
    elif ready is not None:
        said = f"{ready.reason}: {ready.message}"
    return CommitStatus(of.wanted or of.revision, f"stagemail/{of.stage}", state, " ".join(said.split()))


def _is_commit(revision: str) -> bool:
    return len(revision) in (40, 64) and set(revision) <= _HEX
