"""What the operator file builds, and all of it anew when the file changes: sources, passes, record, stores.

Not here: the loop and the jobs (``controlling``, ``working``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from stagemail.errors import InvalidInput, StagemailError, UserMustFix
from stagemail.model.revision import Loaded
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.model.verdict import Verdict
from stagemail.ports import Follower
from stagemail.reconcile.automatic import Automatic
from stagemail.reconcile.net import Net
from stagemail.reconcile.receipts import Receipts
from stagemail.reconcile.request import Request
from stagemail.reconcile.setup import Followed, Passed, Setup
from stagemail.reconcile.world import World
from stagemail.wiring.installation import Installation
from stagemail.wiring.operator_reading import load_operator
from stagemail.wiring.running import SHARED, STOP, Running
from stagemail.wiring.sources import followers, source_name
from stagemail.wiring.stopping import StoppingClock
from stagemail.wiring.tracing import Spans


class Current:
    """What is in force now. ``setup`` is what the loop and the passes work on; ``renew`` is for one thread.

    ``shared``: what outlives one state of the operator file, as the buckets of the limits.
    ``state``: another record than the file names.
    """

    def __init__(
        self, path: Path, root: Path, clock: StoppingClock, net: Net, spans: Spans, *, state: str | None
    ) -> None:
        self.path = path
        self._state = state
        self._root = root
        self._clock = clock
        self._net = net
        self._spans = spans
        self.shared: dict[str, Any] = {}
        self.receipts = Receipts()
        self.built = self._build()
        self._tell_stop()
        self.built.is_first = True
        self._seen = _stamp(self.built.files)
        self.setup = self.built.setup()

    def renew(self) -> Setup | None:
        """What the operator file says now, where it or what it names has changed. Raises StagemailError, once."""
        stamp = _stamp(self.built.files)
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            built = self._build()
            _refuse_moving(self.built, built)
        except (StagemailError, OSError) as error:
            raise _kept(self.path, error) from None
        self.built.retire()
        self.built = built
        self._tell_stop()
        self._seen = _stamp(built.files)
        self.setup = built.setup()
        return self.setup

    def _tell_stop(self) -> None:
        """Passes that began before stop as well: each looks here before it sends anything."""
        stop = self.built.installation.operator.stop
        self.shared[STOP] = stop.reason if stop is not None else ""

    def again(self) -> Setup:
        """The same as at a start: what the record has by now counts as settled."""
        self.built.is_first = True
        self.setup = self.built.setup()
        return self.setup

    def _build(self) -> "Built":
        installation = Installation(load_operator(self.path), self.path, self._clock, self._state)
        return Built(installation, self._root, self._net, spans=self._spans, shared=self.shared, receipts=self.receipts)


def _refuse_moving(old: "Built", new: "Built") -> None:
    """Jobs, signs of life and limits are shared in the database that the process began with."""
    before, now = old.installation.state, new.installation.state
    if before != now and SHARED in (before.partition("://")[0], now.partition("://")[0]):
        raise UserMustFix("`state` names another database than before", hint="restart every stagemail process")


def _kept(path: Path, error: StagemailError | OSError) -> UserMustFix:
    """Why the operator file is not taken: the first problem of several, since logs have lines."""
    if isinstance(error, InvalidInput) and error.problems:
        said = str(error.problems[0])
    else:
        said = error.message if isinstance(error, StagemailError) else f"{path}: {error.strerror or 'cannot be read'}"
    return UserMustFix(f"{said}; the old one stays in force", hint="`stagemail validate` names every problem")


class Built:
    """What one state of the operator file builds. ``shared``: what outlives it, as the buckets of the limits."""

    def __init__(
        self,
        installation: Installation,
        root: Path,
        net: Net,
        *,
        spans: Spans,
        shared: dict[str, Any],
        receipts: Receipts,
    ) -> None:
        self.installation = installation
        self.running = Running(self.installation, net, shared=shared)
        self._root = root
        self._spans = spans
        self._receipts = receipts
        self._lock = Lock()
        self._uses = 0
        self.is_first = False
        self._retired = False
        self._followers: dict[str, Follower] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are followed, sorted."""
        return tuple(sorted(self._followers))

    def desired(self, stage: str, revision: str) -> Desired | None:
        """What Git wants of a stage at a revision."""
        follower = self._followers[source_name(self.installation.operator, stage)]
        return follower.load(revision).stages.get(stage)

    def secret_now(self, ref: SecretRef) -> Secret:
        """A secret of the operator file, by credentials of its own: those of the passes forget and remember by pass."""
        return self.running.own_secret(ref)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The operator file, and what its targets read beside it: the loop looks at them at every turn."""
        plugins = (self.installation.plugin(name) for name in sorted(self.installation.operator.targets))
        beside = {file for plugin, settled in plugins for file in plugin.files(settled)}
        return (self.installation.path, *sorted(beside - {self.installation.path}))

    def retire(self) -> None:
        """Another one is in force: close this one as soon as no pass uses it."""
        with self._lock:
            self._retired = True
            idle = self._uses == 0
        if idle:
            self.running.close()

    def setup(self) -> Setup:
        """What the loop works on."""
        operator = self.installation.operator
        sources = self._followers = followers(self.installation, self._root, self.secret_now)
        source_of = {stage: source_name(operator, stage) for stage in operator.stages}
        automatic = Automatic(sources, source_of, self._world, self._request, self.installation.clock, self._receipts)
        stages = {stage: self._followed(stage, source_of[stage]) for stage in operator.stages}
        return Setup(stages, sources, float(operator.controller.poll), self._using(automatic), self._decided)

    def _using(self, automatic: Automatic) -> Callable[[str, Verdict, str], Passed]:
        def pass_(stage: str, verdict: Verdict, reason: str) -> Passed:
            told = {"stage": stage, "revision": verdict.follow, "reason": reason}
            with self._in_use(), self._spans("pass", told):
                return automatic(stage, verdict, reason)

        return pass_

    def _decided(self) -> dict[str, str]:
        with self._in_use():
            return {decision.stage: decision.id for decision in self.running.record.decisions()}

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """It is not closed meanwhile, though another one is in force."""
        with self._lock:
            self._uses += 1
        try:
            yield
        finally:
            with self._lock:
                self._uses -= 1
                over = self._retired and self._uses == 0
            if over:
                self.running.close()

    def _followed(self, stage: str, source: str) -> Followed:
        operator = self.installation.operator
        written = operator.stages[stage]
        interval = float(operator.controller.observe if written.observe is None else written.observe)
        return Followed(stage, source, self._scope(stage), interval, tuple(written.depends_on), self._settled(stage))

    def _settled(self, stage: str) -> str:
        """The contents that a stage was Ready with when this process began: there is no hurry to look at it again."""
        if not self.is_first or self.running.pulse.trouble:
            return ""
        try:
            standing = self.running.record.standing(stage)
        except StagemailError:  # a record that is away is not asked for the others
            self.is_first = False
            return ""
        if standing.untold or standing.turns:  # the next pass tells people
            return ""
        return standing.content if any(c.type == "Ready" and c.status == "True" for c in standing.conditions) else ""

    def _scope(self, stage: str) -> str:
        plugin, settled = self.installation.plugin(self.installation.target_of(stage))
        return plugin.scope(settled.settings)

    def _world(self, stage: str) -> World:
        """The ports of one pass: secrets and listings are read anew."""
        with self._lock:
            world = self.running.anew(stage)
        return replace(world, span=lambda verb: self._spans(verb, {"stage": stage}))

    def _request(self, stage: str, loaded: Loaded, contents: Mapping[str, str]) -> Request:
        return replace(self.installation.request(stage, loaded, automatic=True), contents=contents)


def _stamp(files: Sequence[Path]) -> tuple[tuple[str, int, int, int], ...]:
    """What tells that a file is another one, without reading it."""
    found = []
    for file in files:
        try:
            state = file.stat()
        except OSError:
            found.append((str(file), 0, 0, 0))
        else:
            found.append((str(file), state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(found)
