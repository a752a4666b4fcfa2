"""Single cases: a command is stopped at one failpoint, started again, and everything that has to hold is looked at.

Not here: which points there are and in which order (``matrix``), how it is told (``__main__``).
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.failpoints.instrument import Kind
from tests.failpoints.world import PATIENCE, Said, World, doubled, lost

KINDS: Final[tuple[Kind, ...]] = ("kill", "stop", "break", "full")
WORDS: Final[Mapping[Kind, str]] = {"kill": "SIGKILL", "stop": "SIGTERM", "break": "exception", "full": "disk full"}
RESTARTS: Final = 3
MANY: Final = 10
"""Notices of one change that are too many: a claim of 300 s lasts 3 s at this speed, which a busy machine outlasts."""
MASKED: Final = Counter({"PATCH stage": 1})
"""What a lost answer may cost more, and only where the change holds a secret: reading cannot show it."""


@dataclass(frozen=True, slots=True)
class Case:
    """Stop ``scenario`` at the ``nth`` passing of ``point`` by ``kind``."""

    scenario: str
    point: str
    kind: Kind
    nth: int = 1
    rotate: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """``problem``: what did not hold, "" where all did. ``again``: calls that were sent once more."""

    case: Case
    reached: bool
    problem: str = ""
    again: int = 0
    restarts: int = 0
    seconds: float = 0.0
    """From SIGTERM to the end of the process: the long form holds it to 10 s, no timing decides the short one."""


def play(world: World, case: Case) -> Outcome:
    """One case from its change to the last look."""
    try:
        return replace(SCENARIOS[case.scenario](world, case), seconds=world.seconds if case.kind == "stop" else 0.0)
    except AssertionError as failed:
        return Outcome(case, World.was_reached({"trace": world.folder / "trace"}), str(failed) or "an assertion")


def apply(world: World, case: Case) -> Outcome:
    """``stagemail apply`` after a commit."""
    world.change(rotate=case.rotate)
    before = world.mark()
    plan = world.plan(case.kind, case.point, case.nth)
    said = world.said("apply", "qa", expect=None, plan=plan)
    _ended_well(world, said, case)
    assert said.code != 0 or world.is_live(), f"it says done, and it is not:\n{said.text}"
    restarts = _again(world, "apply", "qa")
    return _checked(world, case, before, said.reached, restarts)


def controller(world: World, case: Case) -> Outcome:
    """The controller, to which a commit is pushed."""
    world.change(rotate=case.rotate)
    world.push()
    before, heard = world.mark(), len(world.ears.heard)
    plan = world.plan(case.kind, case.point, case.nth)
    with world.controller(plan) as pid:
        _until_over(world, pid, heard, case, plan)
        _stopped(world, pid, case)
    reached = world.was_reached(plan)
    _finished(world, heard)
    told = Counter(f"{'notice' if m['path'] == '/notify' else 'status'}" for m in world.ears.heard[heard:])
    assert told["notice"] <= MANY, f"told again and again: {told}"
    return _checked(world, case, before, reached, 1)


def _finished(world: World, heard: int) -> None:
    """The controller is started once more, and gets there by itself."""
    with world.controller() as pid:
        world.until(lambda: _is_settled(world, heard, noticed=True), "live, ready and told after a restart")
        _stopped(world, pid, Case("controller", "", "stop"))


def _until_over(world: World, pid: int, heard: int, case: Case, plan: Mapping[str, Any]) -> None:
    """Until the process has ended, or the point was passed, or everything is done without it."""
    end, settled = time.monotonic() + PATIENCE, 0
    while time.monotonic() < end and world.wait(pid, 0) is None:
        passed = world.was_reached(dict(plan))
        if passed and case.kind != "break":
            time.sleep(0.05 if case.kind == "stop" else 0.3)
            return
        settled += _is_settled(world, heard, noticed=not passed)
        if settled > (0 if passed else 10):
            return
        time.sleep(0.05)


def _is_settled(world: World, heard: int, *, noticed: bool) -> bool:
    """Live, and the commit's status is told; with ``noticed`` the notice of what was applied, too."""
    if "following" not in world.outputs() or not world.is_live():
        return False
    tip = world.git("rev-parse", "HEAD")
    said = any(m["path"].endswith(tip) and m["body"].get("state") == "success" for m in world.ears.heard)
    since = world.ears.heard[heard:]
    return said and (not noticed or any(m["path"] == "/notify" and tip[:12] in json.dumps(m["body"]) for m in since))


def _stopped(world: World, pid: int, case: Case) -> None:
    """SIGTERM ends it in order within 10 s, whatever happened to it."""
    code = world.wait(pid, 0)
    if code is None:
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        code = world.wait(pid)
        world.seconds = time.monotonic() - began
        assert code is not None, f"does not end by SIGTERM: {world.outputs()}"
    assert code == (-signal.SIGKILL if case.kind == "kill" and case.point else 0) or (
        case.kind == "kill" and code == 0
    ), f"ended with {code}: {world.outputs()}"
    said = world.outputs().replace("defect of stagemail: BrokenHereError", "")
    assert "Traceback" not in said and "defect of stagemail" not in said, said


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop a process at the ``nth`` passing of ``point`` ("" for any)."""

    kind: Kind
    point: str = ""
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """Stops one after the other, before one change is finished. ``kills``: those that hit; ``missed``: the others."""

    kills: int
    again: int = 0
    problem: str = ""
    missed: tuple[Stop, ...] = ()


def kills_at(numbers: Sequence[int]) -> list[Stop]:
    """Kills at these passings of any point."""
    return [Stop("kill", nth=number) for number in numbers]


def stop_round(world: World, stops: Sequence[Stop], *, rotate: bool) -> Round:
    """Stop ``apply`` in these ways, each time starting again; then let it finish."""
    missed: list[Stop] = []
    try:
        world.change(rotate=rotate)
        before = world.mark()
        for stop in stops:
            said = world.said("apply", "qa", expect=None, plan=world.plan(stop.kind, stop.point, stop.nth))
            _ended_well(world, said, Case("apply", stop.point, stop.kind))
            if not said.reached:
                missed.append(stop)
            if said.code == 0 and not stop.point:
                break
        _again(world, "apply", "qa")
        return _round(world, before, stops, missed, rotate=rotate)
    except AssertionError as failed:
        return Round(len(stops) - len(missed), problem=f"{stops}: {failed}")


def controller_round(world: World, stops: Sequence[Stop], *, rotate: bool) -> Round:
    """Kill the controller, to which a commit is pushed, each time starting again; then let it finish."""
    missed: list[Stop] = []
    try:
        world.change(rotate=rotate)
        world.push()
        before, heard = world.mark(), len(world.ears.heard)
        for stop in stops:
            plan = world.plan(stop.kind, "", stop.nth)
            with world.controller(plan) as pid:
                _until_over(world, pid, heard, Case("controller", "any", stop.kind), plan)
                _stopped(world, pid, Case("controller", "any", stop.kind))
            if not world.was_reached(plan):
                missed.append(stop)
                break
        _finished(world, heard)
        return _round(world, before, stops, missed, rotate=rotate)
    except AssertionError as failed:
        return Round(len(stops) - len(missed), problem=f"{stops}: {failed}")


def _round(world: World, before: int, stops: Sequence[Stop], missed: Sequence[Stop], *, rotate: bool) -> Round:
    hit = len(stops) - len(missed)
    allowed = Counter({"PATCH stage": hit if rotate else 0})
    done = _checked(world, Case("apply", "", "kill"), before, True, 1, allowed)
    return Round(hit, done.again, missed=tuple(missed))


def rotate_key(world: World, case: Case) -> Outcome:
    """``secrets rotate-key``: afterwards every fingerprint still fits, so nothing is sent."""
    world.change(rotate=False)
    assert _again(world, "apply", "qa") <= 1
    before = world.mark()
    said = world.said("secrets", "rotate-key", expect=None, plan=world.plan(case.kind, case.point, case.nth))
    _ended_well(world, said, case)
    restarts = _again(world, "secrets", "rotate-key")
    world.said("apply", "qa")
    assert not world.writes(before), f"a new key sends something: {world.writes(before)}"
    _audited(world)
    return Outcome(case, said.reached, restarts=restarts)


def decide(world: World, case: Case) -> Outcome:
    """``suspend`` and ``resume``: a decision is taken whole or not at all."""
    before = world.mark()
    said = world.said(
        "suspend", "qa", "--reason", "a test", expect=None, plan=world.plan(case.kind, case.point, case.nth)
    )
    _ended_well(world, said, case)
    restarts = _again(world, "suspend", "qa", "--reason", "a test")
    world.change(rotate=False)
    world.said("apply", "qa", "--automatic", expect=None)
    assert not world.writes(before), "something was written while it was suspended"
    world.said("resume", "qa")
    world.said("apply", "qa", "--automatic")
    return _checked(world, case, before, said.reached, restarts)


def first(world: World, case: Case) -> Outcome:
    """The first command ever: the record and its key are made, and what is there is adopted."""
    world.forget_record()
    before = world.mark()
    said = world.said("apply", "qa", expect=None, plan=world.plan(case.kind, case.point, case.nth))
    _ended_well(world, said, case)
    restarts = _again(world, "apply", "qa")
    assert not world.writes(before), f"an adoption wrote: {world.writes(before)}"
    world.said("secrets", "push", "qa")
    _audited(world)
    return Outcome(case, said.reached, restarts=restarts)


def recover(world: World, case: Case) -> Outcome:
    """The run after a kill, stopped itself: between it and the platform lie open intents and running operations."""
    world.change(rotate=case.rotate)
    before = world.mark()
    killed = "after target.odc.transport:Transport.send connection.handle_request [POST]"
    world.said("apply", "qa", expect=-signal.SIGKILL, plan=world.plan("kill", killed, 1 + case.rotate))
    said = world.said("apply", "qa", expect=None, plan=world.plan(case.kind, case.point, case.nth))
    _ended_well(world, said, case)
    restarts = _again(world, "apply", "qa")
    return _checked(world, case, before, said.reached, restarts)


def send_test(world: World, case: Case) -> Outcome:
    """``send-test`` with an id: that message arrives at most once, ever."""
    world.number += 1
    name = f"case-{world.number}"
    command = ("send-test", "--stage", "qa", "--to", "team@example.com", "--id", name, "--subject", name)
    with world.sink() as sink:
        said = world.said(*command, expect=None, plan=world.plan(case.kind, case.point, case.nth))
        _ended_well(world, said, case)
        again = world.said(*command, expect=None)
        assert again.code in (0, 5), f"ended with {again.code}: {again.text}"
        arrived = [message for message in sink.inbox() if message["Subject"].endswith(name)]
        assert len(arrived) <= 1, "the message arrived twice"
        assert arrived or again.code == 5, f"it says sent, and nothing arrived: {again.text}"
        if again.code == 5:
            world.said("send-test", "--settle", name, "--as", "arrived" if arrived else "lost")
    return Outcome(case, said.reached, restarts=1)


SCENARIOS: Final[Mapping[str, Callable[[World, Case], Outcome]]] = {
    "apply": apply, "recover": recover, "controller": controller,
    "send-test": send_test, "rotate-key": rotate_key, "decide": decide, "first": first,
}  # fmt: skip


BESIDE: Final = "wiring.judged:"
"""Done by another process, which the command outlives, or by the command itself where that one is late."""


def _ended_well(world: World, said: Said, case: Case) -> None:
    """The process ended as this kind of fault says."""
    world.seconds = said.seconds
    if not said.reached:
        return
    expected = {"kill": (-signal.SIGKILL,), "stop": (143, 0), "break": (0, 1, 5), "full": (0, 1, 4, 5)}[case.kind]
    if BESIDE in case.point:
        expected = (*expected, 0)
    assert said.code in expected, f"ended with {said.code}, not {expected}:\n{said.text}"
    if case.kind == "full" and said.code:
        assert "full" in said.text or "No space" in said.text, f"says nothing of the disk:\n{said.text}"


def _again(world: World, *command: str) -> int:
    """Start it again until it is done; how often that took."""
    said = None
    for number in range(1, RESTARTS + 1):
        said = world.said(*command, expect=None)
        if said.code == 0:
            return number
    raise AssertionError(f"not done after {RESTARTS} restarts: {said.code if said else ''} {said.text if said else ''}")


def _checked(
    world: World,
    case: Case,
    before: int,
    reached: bool,
    restarts: int,
    allowed: Counter[str] | None = None,
) -> Outcome:
    """Everything is live, the ledger equals the model, nothing is left to do, the history is whole."""
    assert world.is_live(), "not everything is live"
    world.said("plan", "qa", "--detailed-exitcode")
    writes = world.writes(before)
    more = doubled(writes)
    assert not lost(writes), f"never sent: {dict(lost(writes))}"
    allowed = (MASKED if case.rotate else Counter()) if allowed is None else allowed
    assert not more - allowed, f"sent again: {dict(more)}"
    _audited(world)
    runs = world.history()
    assert not [run for run in runs if run["status"] == "running"], "history shows a run that never ended"
    told = {(o["action"], o["label"]) for run in runs for o in run["outcomes"] if o["status"] == "done"}
    for write in writes:
        method, where = write.split()
        event = ("write" if method == "PATCH" else "activate", "qa" if where == "stage" else where)
        assert event in told, f"history does not tell {event}:\n{_listed(runs)}"
    return Outcome(case, reached, again=more.total(), restarts=restarts)


def _listed(runs: Sequence[Mapping[str, Any]]) -> str:
    """Runs and what became of their steps, to be looked at."""
    lines = []
    for run in runs:
        lines.append(f"{run['id']} {run['status']}")
        lines += [f"  {o['action']} {o['label']}: {o['status']} {o['message']}" for o in run["outcomes"]]
    return "\n".join(lines)


def _audited(world: World) -> None:
    world.said("history", "--verify")
