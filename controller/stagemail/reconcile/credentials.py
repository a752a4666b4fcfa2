"""Credentials for one run: the only caller of secret stores; grants (``granting``) are looked at here and nowhere else.

Plan, apply, preflight and test mail all come here, so a refusal holds for all of them, and it comes before any store
is asked. Each secret is read once per run, failures too. Values live in memory until ``forget``.
Not here: the stores (``secret``), what a grant means (``model.grant``), comparing states (``planning``).
"""

import hmac
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from hashlib import sha256
from threading import Lock
from typing import TypeVar

from stagemail.dataclass import dataclass
from stagemail.errors import (
    GrantRefused,
    NotFound,
    SecretUnexpected,
    SecretUnusable,
    StagemailError,
    UserMustFix,
)
from stagemail.model.grant import Grant
from stagemail.model.secret import Secret, SecretRef, SecretState, SecretVersion
from stagemail.ports import SecretStore
from stagemail.reconcile.granting import Use, refuse_odd, require
from stagemail.reconcile.weakness import Weak

READERS = 16
"""Secrets that are read at the same time at most: twenty would be more connections than most stores' clients keep."""

_VERSION = re.compile(r"[\w.:+/=-]{0,64}", re.ASCII)
"""What a store's version looks like: it is shown and recorded, so it must not be whatever a rogue server repeats."""

_T = TypeVar("_T")
Resolved = tuple[Secret, SecretState]
_Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """What ``secrets check`` and ``secrets status`` tell of one use: where it came from, or the error; never the value.

    ``created``: since when its store has this version (ISO 8601), "" where it does not tell. ``state`` is None where
    the value was not read.
    """

    use: Use
    origin: str
    version: str = ""
    expires: str = ""
    error: StagemailError | None = None
    created: str = ""
    state: SecretState | None = None
    weak: tuple[str, ...] = ()
    """What makes it weak although it can be used."""


class Credentials:
    """All secrets of one run.

    ``learn`` is told each value before anybody else, so that the edges can take it out of text (``reconcile.net``).
    ``executor`` reads several secrets at once; None reads one after the other. It must not be the one that calls us,
    which could then wait for itself.
    """

    def __init__(
        self,
        stores: Mapping[str, SecretStore],
        grants: Sequence[Grant],
        fingerprint_key: bytes,
        executor: Executor | None,
        learn: Callable[[Secret], None] = lambda _secret: None,
    ) -> None:
        self._stores = stores
        self._grants = tuple(grants)
        self._key = fingerprint_key
        self._executor = executor
        self._learn = learn
        self._answers: dict[_Identity, Future[SecretVersion]] = {}
        self._lock = Lock()

    def resolve(self, stage: str, ref: SecretRef, destinations: Iterable[str]) -> Resolved:
        """The secret and its state. Raises GrantRefused before any store is asked, then what the store raises."""
        require(Use(stage, ref, tuple(destinations)), self._grants)
        return self._resolved(ref)

    def resolve_many(self, uses: Iterable[Use]) -> Mapping[Use, Resolved | StagemailError]:
        """Each use's secret, or why it has none; distinct secrets are read at the same time."""
        wanted = tuple(dict.fromkeys(uses))
        refused = self.refusals(wanted)
        self._read_ahead(use.ref for use in wanted if use not in refused)
        return {use: refused[use] if use in refused else _outcome(self._resolved, use.ref) for use in wanted}

    def refusals(self, uses: Iterable[Use]) -> Mapping[Use, StagemailError]:
        """Why uses would be refused, without asking any store."""
        refused: dict[Use, StagemailError] = {}
        for use in uses:
            try:
                require(use, self._grants)
            except UserMustFix as error:
                refused[use] = error
        return refused

    def resolve_own(self, ref: SecretRef) -> Secret:
        """A secret that the operator file itself names, such as a target's client secret.

        The operator file is what trust rests on, so it needs no grant. Never call it for what a stage's files name.
        """
        return self._resolved(ref)[0]

    def check(
        self, uses: Iterable[Use], judge: Callable[[Mapping[Use, Secret]], Weak] = lambda _values: {}
    ) -> tuple[Checked, ...]:
        """Resolve every use and say where each came from, sorted by stage and reference.

        ``judge`` tells what is weak in the values that were read.
        """
        answers = self.resolve_many(uses)
        found = judge({use: got[0] for use, got in answers.items() if not isinstance(got, StagemailError)})
        return tuple(replace(self._checked(use, answers[use]), weak=found.get(use, ())) for use in sorted(answers))

    def check_own(self, ref: SecretRef) -> Checked:
        """The same of a secret that the operator file itself names: it needs no grant."""
        return self._checked(Use("", ref, ()), _outcome(self._resolved, ref))

    def expiry(self, ref: SecretRef) -> str:
        """When a secret runs out: as its store told if this run has read it, else as the reference says. Reads nothing.

        An ISO 8601 date or time, "" where nobody knows.
        """
        with self._lock:
            known = self._answers.get(_identity(ref))
        read = known is not None and known.done() and not known.cancelled() and known.exception() is None
        return (known.result().expires if known is not None and read else "") or ref.expires

    def fingerprint(self, ref: SecretRef, key: bytes) -> str:
        """The fingerprint of a secret that was read, by another key than this run's."""
        return self._fingerprint(ref, self._read(ref).value, key)

    def created(self) -> Mapping[str, str]:
        """Since when the store has the version of each secret that was read (ISO 8601), where it tells."""
        with self._lock:
            done = [
                (f"{store}:{key}" + (f"#{field}" if field else ""), f)
                for (store, key, field, _), f in self._answers.items()
                if f.done() and not f.cancelled() and f.exception() is None
            ]
        return {ref: future.result().created for ref, future in done if future.result().created}

    def forget(self) -> None:
        """Let go of every value, at the end of the run."""
        with self._lock:
            self._answers.clear()

    def _checked(self, use: Use, answer: Resolved | StagemailError) -> Checked:
        store = self._stores.get(use.ref.store)
        if isinstance(answer, GrantRefused) or store is None:
            return Checked(use, "", error=answer if isinstance(answer, StagemailError) else None)
        if isinstance(answer, StagemailError):
            return Checked(use, _origin(store, use.ref), error=answer)
        read, state = self._read(use.ref), answer[1]
        expires = read.expires or use.ref.expires
        origin = _origin(store, use.ref)
        return Checked(use, origin, state.version, expires, created=read.created, state=state)

    def _resolved(self, ref: SecretRef) -> Resolved:
        answer = self._read(ref)
        return answer.value, SecretState(str(ref), answer.version, self._fingerprint(ref, answer.value, self._key))

    @staticmethod
    def _fingerprint(ref: SecretRef, value: Secret, key: bytes) -> str:
        """HMAC-SHA-256 (RFC 2104) over store, key, field and value, each with its length; 128 bits of it in hex."""
        parts = (part.encode() for part in (ref.store, ref.key, ref.field, value.reveal()))
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(key, message, sha256).hexdigest()[:32]

    def _read_ahead(self, refs: Iterable[SecretRef]) -> None:
        if self._executor is None:
            return
        waiting = deque({_identity(ref): ref for ref in refs}.values())
        try:
            running = [self._executor.submit(self._drain, waiting) for _ in range(min(READERS, len(waiting)))]
            for future in running:
                future.result()
        finally:
            waiting.clear()

    def _drain(self, waiting: "deque[SecretRef]") -> None:
        """Read one after the other until none waits. A few of these at once need no more room for a thousand."""
        while waiting:
            try:
                ref = waiting.popleft()
            except IndexError:
                return
            _outcome(self._read, ref)

    def _read(self, ref: SecretRef) -> SecretVersion:
        """The store's answer; whoever asks first reads, everybody else waits for that."""
        with self._lock:
            known = self._answers.get(_identity(ref))
            future = known if known is not None else self._answers.setdefault(_identity(ref), Future())
        if known is None:
            try:
                future.set_result(self._ask(ref))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _ask(self, ref: SecretRef) -> SecretVersion:
        refuse_odd(ref)
        store = self._stores.get(ref.store)
        if store is None:
            known = ", ".join(sorted(self._stores)) or "none"
            raise NotFound(
                f"there is no secret store {ref.store}",
                hint=f"known stores: {known}; others are added in the operator file under `secretStores:`",
            )
        answer = store.read(ref)
        self._learn(answer.value)
        if not _VERSION.fullmatch(answer.version):
            raise SecretUnexpected(
                f"{ref.store}:{ref.key}: what its store calls a version is none",
                hint="another service may stand at the store's address: check it",
            )
        if ref.version and answer.version != ref.version:
            has = f"version {answer.version}" if answer.version else "no versions"
            raise SecretUnusable(
                f"{ref.store}:{ref.key} is pinned to version {ref.version}, and its store has {has}",
                hint="leave `version` out to use what the store has",
            )
        return answer


def _identity(ref: SecretRef) -> _Identity:
    return ref.store, ref.key, ref.field, ref.version


def _outcome(read: Callable[[SecretRef], _T], ref: SecretRef) -> _T | StagemailError:
    try:
        return read(ref)
    except StagemailError as error:
        return error


def _origin(store: SecretStore, ref: SecretRef) -> str:
    answer = _outcome(store.origin, ref)
    return "" if isinstance(answer, StagemailError) else answer
