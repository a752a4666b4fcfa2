"""`/_emulator/`: the control API for tests, demonstrations and the command line. No part of ODC.

Handlers are `async` without awaiting anything in between, so that each runs in one step on the event loop, like the
platform's calls; only the app runtime's SMTP session runs in a thread.
"""

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from odc_emulator import identity, ledger, operations, portal, runtime, view
from odc_emulator.clock import timestamp
from odc_emulator.faults import Fault
from odc_emulator.platform import Platform


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOrder(_Payload):
    """A fault to order; see `faults.KINDS`."""

    kind: str
    method: str = ""
    path: str = ""
    after: int = 0
    times: int = 1
    status: int = 0
    seconds: float = 0.0
    message: str = "The emulator was told to fail."
    value: str = "EMULATOR-OTHER"


class SecretCheck(_Payload):
    """Is this the secret? `live` asks for what the app runs with instead of what was last set."""

    stage: str
    app: str | None = None
    field: str
    value: str
    live: bool = True


class SendOrder(_Payload):
    """Let an app send an email."""

    stage: str
    app: str
    to: list[str]
    cc: list[str] = []
    bcc: list[str] = []
    subject: str = "Hello from an emulated app"
    text: str = "This email was sent by an emulated app.\n"


class LimitsOrder(_Payload):
    """Turn the rate limits on or off, and use up an API domain's."""

    enabled: bool
    used_up: str = ""


class Advance(_Payload):
    """Move the emulated clock forward."""

    seconds: float


class TokenCheck(_Payload):
    """Is this token valid? For a mail sink that accepts XOAUTH2."""

    token: str


def control_app(platform: Platform) -> FastAPI:
    """The control application of one platform."""
    app = FastAPI(title="odc-emulator control", docs_url=None, redoc_url=None, openapi_url=None)

    def settled() -> float:
        now = platform.clock.now()
        operations.settle(platform.world, now)
        return now

    _add_errors(app)
    _add_observation(app, platform, settled)
    _add_actions(app, platform, settled)
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(portal.UnknownNameError)
    @app.exception_handler(ValueError)
    async def refuse(_request: Request, error: Exception) -> JSONResponse:
        text = str(error) if not isinstance(error, ValidationError) else str(error.errors(include_input=False))
        return JSONResponse({"error": text}, status_code=404 if isinstance(error, portal.UnknownNameError) else 400)


def _add_observation(app: FastAPI, platform: Platform, settled: Any) -> None:
    world, profile = platform.world, platform.profile

    @app.get("/_emulator/health")
    async def health() -> JSONResponse:
        return JSONResponse({"profile": profile.name, "now": timestamp(settled()), "speed": platform.clock.speed})

    @app.get("/_emulator/ledger")
    async def get_ledger(since: int = 0) -> JSONResponse:
        settled()
        return JSONResponse(
            {
                "writes": platform.store.ledger(since),
                "reads": dict(platform.reads),
                "refused": dict(platform.refused),
            }
        )

    @app.get("/_emulator/show")
    async def show(stage: str, app: str | None = None) -> JSONResponse:
        settled()
        return JSONResponse(view.stage_view(world, stage) if app is None else view.app_view(world, profile, stage, app))

    @app.post("/_emulator/secret-check")
    async def check(body: SecretCheck) -> JSONResponse:
        settled()
        equal = view.secret_equals(
            world, profile, body.stage, body.app, field=body.field, value=body.value, live=body.live
        )
        return JSONResponse({"equal": equal, "digest": ledger.secret_digest(world.salt, body.value)})

    @app.post("/_emulator/token-check")
    async def check_token(body: TokenCheck) -> JSONResponse:
        token = world.tokens.get(identity.digest(body.token))
        good = token is not None and token.expires > platform.clock.now()
        return JSONResponse({"valid": good, "client": token.client if token is not None and good else None})


def _add_actions(app: FastAPI, platform: Platform, settled: Any) -> None:
    @app.post("/_emulator/portal/{verb}")
    async def act(verb: str, request: Request) -> JSONResponse:
        body = await request.json()
        if verb not in portal.ACTIONS:
            raise portal.UnknownNameError(f"there is no action {verb!r}; known are: {', '.join(portal.ACTIONS)}")
        done = portal.ACTIONS[verb].model_validate(body).perform(platform.world, platform.profile, settled())
        platform.store.commit(platform.world)
        return JSONResponse(done)

    @app.get("/_emulator/faults")
    async def list_faults() -> JSONResponse:
        return JSONResponse([_fault(fault) for fault in platform.faults.all()])

    @app.post("/_emulator/faults")
    async def order_fault(body: FaultOrder) -> JSONResponse:
        return JSONResponse(_fault(platform.faults.order(Fault(**body.model_dump()))))

    @app.delete("/_emulator/faults")
    async def clear_faults() -> JSONResponse:
        platform.faults.clear()
        return JSONResponse([])

    @app.post("/_emulator/clock")
    async def advance(body: Advance) -> JSONResponse:
        platform.clock.advance(body.seconds)
        platform.save_clock()
        now = settled()
        platform.store.commit(platform.world)
        return JSONResponse({"now": timestamp(now), "epoch": now})

    @app.post("/_emulator/send")
    async def send(body: SendOrder) -> JSONResponse:
        settled()
        deployed = view.deployed(platform.world, platform.profile, body.stage, body.app)
        letter = runtime.Letter(body.to, body.cc, body.bcc, body.subject, body.text)
        settings = platform.settings
        report = await asyncio.to_thread(runtime.send, deployed, letter, settings.resolve or {}, settings.ca_file)
        return JSONResponse(report)

    @app.post("/_emulator/limits")
    async def switch_limits(body: LimitsOrder) -> JSONResponse:
        platform.limits.enabled = body.enabled
        if body.used_up:
            platform.limits.use_up(body.used_up, platform.clock.now())
        return JSONResponse({"enabled": platform.limits.enabled})


def _fault(fault: Fault) -> dict[str, Any]:
    document = {name: getattr(fault, name) for name in FaultOrder.model_fields}
    return document | {"number": fault.number, "seen": fault.seen, "hits": fault.hits}
