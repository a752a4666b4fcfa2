"""Builds the controller: sources, passes, dispatcher and loop, and all of it anew when the operator file changes.

Not here: the loop (``reconcile.loop``), printing (``cli.controller``).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from stagemail.dispatch.in_process import InProcessDispatcher
from stagemail.errors import InvalidInput, StagemailError, UserMustFix
from stagemail.model.revision import Loaded
from stagemail.model.secret import Secret, SecretRef
from stagemail.model.snapshot import Desired
from stagemail.model.stopped import Stopped
from stagemail.model.verdict import Verdict
from stagemail.ports import Follower, Observer
from stagemail.reconcile.automatic import Automatic
from stagemail.reconcile.loop import Followed, Loop, Passed, Setup
from stagemail.reconcile.net import Net
from stagemail.reconcile.request import Request
from stagemail.reconcile.world import World
from stagemail.wiring.installation import Installation
from stagemail.wiring.opening import clock as machine_clock
from stagemail.wiring.opening import load_operator
from stagemail.wiring.places import required_operator_file
from stagemail.wiring.running import Running
from stagemail.wiring.sources import followers, source_name
from stagemail.wiring.stopping import StoppingClock
from stagemail.wiring.tracing import Spans, no_spans

PATIENCE = 1.0
"""Seconds that whoever asks whether the record is there waits for it."""
GRACE = 8.0
"""Seconds that a stop waits for passes under way; an orderly end within 10 s is what service managers expect."""


class Controlling:
    """One controller over one operator file. ``loop`` is what others wake; ``stop`` may be called from a signal."""

    def __init__(
        self,
        config: str | None,
        root: Path,
        net: Net,
        observers: Sequence[Observer] = (),
        spans: Spans = no_spans,
        *,
        state: str | None = None,
    ) -> None:
        self.path = required_operator_file(config, root)
        self.root = root
        self._net = net
        self._spans = spans
        self._stopped, self._alarm = Event(), Event()
        self.clock = StoppingClock(machine_clock(), self._stopped)
        self._asking, self._asked = Lock(), Event()
        self._asked.set()
        self._shared: dict[str, Any] = {}
        self._state = state
        self._built = self._build()
        self._built.is_first = True
        self._seen = _stamp(self._built.files())
        workers = self._built.installation.operator.controller.workers
        self._dispatcher = InProcessDispatcher(_thread, workers, self.clock)
        self.loop = Loop(
            self._built.setup(),
            self._dispatcher,
            clock=self.clock,
            random=random.random,
            observers=observers,
            renew=self._renew,
            alarm=self._alarm.set,
        )

    @property
    def installation(self) -> Installation:
        """The operator file as it is in force now."""
        return self._built.installation

    @property
    def running(self) -> Running:
        """Record and stores as they are in force now."""
        return self._built.running

    def desired(self, stage: str, revision: str) -> Desired | None:
        """What Git wants of a stage at a revision that was reconciled. Raises StagemailError."""
        return self._built.desired(stage, revision)

    def secret(self, ref: SecretRef) -> Secret:
        """A secret that the operator file itself names, read now. Raises what its store raises."""
        return self._built.secret_now(ref)

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are followed, sorted."""
        return self._built.sources

    def record_trouble(self) -> str:
        """Why the record cannot be used now, "" where it can. Asks it, and waits a second for the answer at most."""
        with self._asking:
            if self._asked.is_set():
                self._asked = Event()
                Thread(target=self._ask_record, args=(self._asked,), name="stagemail-record", daemon=True).start()
            asked = self._asked
        is_slow = not asked.wait(PATIENCE)
        return self.running.pulse.trouble or (f"no answer for {PATIENCE:.0f} s" if is_slow else "")

    def _ask_record(self, asked: Event) -> None:
        """Where it is back, every stage is looked at now: none waits for the end of its pause."""
        was_away = bool(self.running.pulse.trouble)
        try:
            with suppress(StagemailError, Stopped):
                self.running.record.standing("")
                for stage in self.installation.operator.stages if was_away else ():
                    self.loop.check(stage)
        finally:
            asked.set()

    def quiet(self) -> float:
        """Seconds since the loop last went round."""
        return self.clock.monotonic() - self._round

    def run(self) -> bool:
        """Work until ``stop``. False where something was still under way when the time for stopping was over."""
        self.loop.run(self._stopped.is_set, self._pause)
        ended = self._dispatcher.stop(GRACE)
        if ended:
            self._built.running.close()
        return ended

    def stop(self) -> None:
        """End ``run``. Safe in a signal handler and from any thread."""
        self._stopped.set()
        self._alarm.set()

    def _pause(self, seconds: float) -> None:
        self._round = self.clock.monotonic()
        self.clock.pause(self._alarm, seconds)

    def _build(self) -> "_Built":
        installation = Installation(load_operator(self.path), self.path, self.clock, self._state)
        return _Built(installation, self.root, self._net, spans=self._spans, shared=self._shared)

    def _renew(self) -> Setup | None:
        """What the operator file says now, where it or what it names has changed. Raises StagemailError, once."""
        stamp = _stamp(self._built.files())
        if stamp == self._seen or self._stopped.is_set():
            return None
        self._seen = stamp
        try:
            built = self._build()
        except (StagemailError, OSError) as error:
            raise _kept(self.path, error) from None
        self._built.retire()
        self._built = built
        self._seen = _stamp(built.files())
        return built.setup()


def _kept(path: Path, error: StagemailError | OSError) -> UserMustFix:
    """Why the operator file is not taken: the first problem of several, since logs have lines."""
    if isinstance(error, InvalidInput) and error.problems:
        said = str(error.problems[0])
    else:
        said = error.message if isinstance(error, StagemailError) else f"{path}: {error.strerror or 'cannot be read'}"
    return UserMustFix(f"{said}; the old one stays in force", hint="`stagemail validate` names every problem")


class _Built:
    """What one state of the operator file builds. ``shared``: what outlives it, as the buckets of the limits."""

    def __init__(
        self, installation: Installation, root: Path, net: Net, *, spans: Spans, shared: dict[str, Any]
    ) -> None:
        self.installation = installation
        self.running = Running(self.installation, net, shared=shared)
        self._root = root
        self._spans = spans
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

    def files(self) -> list[Path]:
        """The operator file, and what its targets read beside it."""
        plugins = (self.installation.plugin(name) for name in sorted(self.installation.operator.targets))
        return [self.installation.path, *(file for plugin, settled in plugins for file in plugin.files(settled))]

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
        automatic = Automatic(sources, source_of, self._world, self._request, self.installation.clock)
        stages = {stage: self._followed(stage, source_of[stage]) for stage in operator.stages}
        return Setup(stages, sources, float(operator.controller.poll), self._using(automatic))

    def _using(self, automatic: Automatic) -> Callable[[str, Verdict, str], Passed]:
        def pass_(stage: str, verdict: Verdict, reason: str) -> Passed:
            with self._lock:
                self._uses += 1
            try:
                with self._spans("pass", {"stage": stage, "revision": verdict.follow, "reason": reason}):
                    return automatic(stage, verdict, reason)
            finally:
                with self._lock:
                    self._uses -= 1
                    over = self._retired and self._uses == 0
                if over:
                    self.running.close()

        return pass_

    def _followed(self, stage: str, source: str) -> Followed:
        operator = self.installation.operator
        written = operator.stages[stage]
        interval = float(operator.controller.observe if written.observe is None else written.observe)
        return Followed(stage, source, self._scope(stage), interval, tuple(written.depends_on), self._settled(stage))

    def _settled(self, stage: str) -> str:
        """The contents that a stage was Ready with when this process began: there is no hurry to look at it again."""
        if not self.is_first or self.running.pulse.trouble:
            return ""
        with suppress(StagemailError):
            standing = self.running.record.standing(stage)
            if any(c.type == "Ready" and c.status == "True" for c in standing.conditions):
                return standing.content
        return ""

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


def _thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="stagemail-worker", daemon=True).start()


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
