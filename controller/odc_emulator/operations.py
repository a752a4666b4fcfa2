"""What deployment operations do to the organization, and when: Running, then Finished or FinishedWithError.

An operation takes effect when its time is over, and applies what had been set before it was started. `settle` must run
before anything else looks at the world.
"""

import uuid
from typing import Any

from odc_emulator import values
from odc_emulator.clock import timestamp
from odc_emulator.world import Operation, Placement, World

KINDS = ("Deploy", "Undeploy", "ApplyConfigs")


def start(
    world: World,
    kind: str,
    *,
    app: str,
    stage: str,
    revision: int | None,
    by: str,
    now: float,
    ends: float | None,
    failure: str | None = None,
) -> Operation:
    """Start an operation that ends at `ends` (None: never), well or with `failure`."""
    key = str(uuid.uuid4())
    operation = Operation(key, kind, app, stage, revision, now, ends, by, world.next_order(), failure)
    operation.messages.append(_message(now, "Info", f"{kind} started."))
    world.save(operation)
    return operation


def settle(world: World, now: float) -> None:
    """Finish every running operation whose time is over, in the order of their ends."""
    due = [o for o in world.running.values() if o.ends is not None and o.ends <= now]
    for operation in sorted(due, key=lambda o: (o.ends or 0.0, o.order)):
        _finish(world, operation)


def _finish(world: World, operation: Operation) -> None:
    ended = operation.ends or operation.started
    placement = world.placement(operation.stage, operation.app)
    failure = operation.failure
    if failure is None and operation.operation == "ApplyConfigs" and (placement is None or placement.revision is None):
        failure = "The asset is no longer deployed in the stage."
    if failure is None:
        _take_effect(world, operation, placement, ended)
        operation.messages.append(_message(ended, "Info", f"{operation.operation} finished."))
    else:
        operation.messages.append(_message(ended, "Error", failure))
    operation.status = "Finished" if failure is None else "FinishedWithError"
    world.save(operation)


def _take_effect(world: World, operation: Operation, placement: Placement | None, ended: float) -> None:
    if operation.operation == "Undeploy":
        if placement is not None:
            placement.revision = None
            world.save(placement)
        return
    placement = placement or Placement(operation.stage, operation.app)
    values.apply_pending(world, placement, operation.order)
    if operation.operation == "Deploy":
        placement.revision, placement.deployed_by = operation.revision, operation.by
    placement.deployed = ended
    world.save(placement)


def _message(moment: float, severity: str, text: str) -> dict[str, Any]:
    return {"timestamp": timestamp(moment), "type": "EMULATOR-OPERATION", "severity": severity, "message": text}
