"""`/api/deployments/v1`: starting, listing and following deployment operations."""

import uuid
from datetime import datetime
from typing import Any

from odc_emulator import operations
from odc_emulator.answers import Answer, RefusedError
from odc_emulator.calls import Call
from odc_emulator.clock import timestamp
from odc_emulator.identity import DEPLOY, permitted, stage_for, visible_stages
from odc_emulator.paging import page, text_page
from odc_emulator.world import App, Operation, Placement, Stage, derived_key

STATUSES = ("Running", "Finished", "FinishedWithError")
MEMBERS = {"operation", "assetKey", "buildKey", "revision", "environmentKey"}


def post(call: Call) -> Answer:
    """Start an operation; ApplyConfigs and Deploy need a revision, ApplyConfigs the one that is deployed."""
    document = call.document()
    unknown = sorted(set(document) - MEMBERS)
    if unknown:
        raise RefusedError(400, "EMULATOR-BAD-OPERATION", f"Unknown members: {', '.join(unknown)[:200]}.")
    kind = document.get("operation")
    if kind not in operations.KINDS:
        raise RefusedError(400, "EMULATOR-BAD-OPERATION", f"operation must be one of {', '.join(operations.KINDS)}.")
    stage = stage_for(call.world, call.actor(), _uuid(document, "environmentKey"))
    if not permitted(call.actor(), stage.key, DEPLOY):
        raise RefusedError(403, "EMULATOR-FORBIDDEN", f"The API client lacks '{DEPLOY}' in stage {stage.name}.")
    app = call.world.apps.get(_uuid(document, "assetKey"))
    if app is None:
        raise RefusedError(404, "EMULATOR-ASSET-NOT-FOUND", f"There is no asset {document['assetKey']}.")
    revision = _revision(kind, app, call.world.placement(stage.key, app.key), document.get("revision"))
    return Answer(201, render(call, _start(call, kind, app, stage, revision)))


def list_operations(call: Call) -> Answer:
    """Operations in the stages that the client sees, newest first; without totals."""
    stages = {s.key for s in visible_stages(call.world, call.actor())}
    kinds, status = call.many("operations"), call.one("status")
    if not set(kinds) <= set(operations.KINDS) or status not in (None, *STATUSES):
        raise RefusedError(400, "EMULATOR-BAD-QUERY", "operations or status has an unknown value.")
    keys = {name: call.one(name) for name in ("environmentKey", "assetKey", "portfolioKey")}
    for name, key in keys.items():
        if key is not None:
            _uuid({name: key}, name)
    revision = call.number("revision", -1, 0, 2**31 - 1)
    since, until = _moment(call, "createdDateSince"), _moment(call, "createdDateTo")
    rows = [
        o
        for o in call.world.operations.values()
        if o.stage in stages
        and keys["environmentKey"] in (None, o.stage)
        and keys["assetKey"] in (None, o.app)
        and keys["portfolioKey"] in (None, call.world.stages[o.stage].portfolio)
        and status in (None, o.status)
        and revision in (-1, o.revision)
        and (not kinds or o.operation in kinds)
        and (since is None or o.started >= since)
        and (until is None or o.started <= until)
    ]
    rows.sort(key=lambda o: o.order, reverse=True)
    document = page(call, rows, totals=False)
    document["results"] = [render(call, o) for o in document["results"]]
    return Answer(200, document)


def get_operation(call: Call, key: str) -> Answer:
    """One operation."""
    return Answer(200, render(call, _visible_operation(call, key)))


def messages(call: Call, key: str) -> Answer:
    """What an operation reported so far."""
    return Answer(200, text_page(call, _visible_operation(call, key).messages))


def render(call: Call, operation: Operation) -> dict[str, Any]:
    """An operation as the API shows it."""
    document = {
        "key": operation.key,
        "status": operation.status,
        "startedDateTime": timestamp(operation.started),
        "deployedBy": operation.by,
        "assetKey": operation.app,
        "revisions": [] if operation.revision is None else [operation.revision],
        "buildKey": derived_key("build", operation.app, str(operation.revision)),
        "assetName": call.world.apps[operation.app].name,
        "operation": operation.operation,
        "portfolioKey": call.world.stages[operation.stage].portfolio,
    }
    if operation.status != "Running" and operation.ends is not None:
        document["finishedDateTime"] = timestamp(operation.ends)
    return document


def _start(call: Call, kind: str, app: App, stage: Stage, revision: int | None) -> Operation:
    ends = None if call.has_fault("apply-hang") else call.now + call.operation_seconds
    failure = call.fault.message if call.fault is not None and call.has_fault("apply-error") else None
    operation = operations.start(
        call.world,
        kind,
        app=app.key,
        stage=stage.key,
        revision=revision,
        by=call.actor().client_id,
        now=call.now,
        ends=ends,
        failure=failure,
    )
    call.effect = f"operation {operation.key}"
    return operation


def _revision(kind: str, app: App, placement: Placement | None, revision: object) -> int | None:
    deployed = None if placement is None else placement.revision
    if kind == "Undeploy":
        if deployed is None:
            raise RefusedError(400, "EMULATOR-NOT-DEPLOYED", f"{app.name} is not deployed in this stage.")
        return deployed
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise RefusedError(400, "EMULATOR-REVISION-REQUIRED", f"revision is required for {kind}.")
    if kind == "Deploy" and not 1 <= revision <= app.revisions:
        raise RefusedError(400, "EMULATOR-REVISION-UNKNOWN", f"{app.name} has no revision {revision}.")
    if kind == "ApplyConfigs" and revision != deployed:
        raise RefusedError(
            400, "EMULATOR-REVISION-STALE", f"Revision {revision} of {app.name} is not the deployed one."
        )
    return revision


def _visible_operation(call: Call, key: str) -> Operation:
    _uuid({"operationKey": key}, "operationKey")
    operation = call.world.operations.get(key)
    stages = {s.key for s in visible_stages(call.world, call.actor())}
    if operation is None or operation.stage not in stages:
        raise RefusedError(404, "EMULATOR-OPERATION-NOT-FOUND", f"There is no deployment operation {key}.")
    return operation


def _uuid(document: dict[str, Any], name: str) -> str:
    try:
        return str(uuid.UUID(document.get(name)))
    except (ValueError, AttributeError, TypeError):
        raise RefusedError(400, "EMULATOR-BAD-KEY", f"{name} must be a UUID.") from None


def _moment(call: Call, name: str) -> float | None:
    text = call.one(name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).timestamp()
    except (ValueError, OverflowError):
        raise RefusedError(400, "EMULATOR-BAD-QUERY", f"{name} must be a date-time.") from None
