"""Running an emulator: in this process for tests (`EmulatorServer`), or as a program until it is told to stop.

Plain HTTP on loopback only.
"""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import Scope

from odc_emulator.client import EmulatorControl
from odc_emulator.control import control_app
from odc_emulator.gateway import Gateway
from odc_emulator.platform import OPERATION_SECONDS, Platform, Settings
from odc_emulator.seed import Seed

HOST = "127.0.0.1"
START_SECONDS = 60.0
TICK = 0.02  # seconds
STOP_SECONDS = 1  # what a request in progress gets when the server is told to stop


class _Server(uvicorn.Server):
    """uvicorn that looks for its end more often than ten times a second: tests start hundreds of emulators."""

    async def main_loop(self) -> None:
        while not self.should_exit:
            await asyncio.sleep(TICK)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Being told to stop is no failure: uvicorn's own would raise the signal again once it has stopped."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class EmulatorServer:
    """An emulator on a free port of this process: `with EmulatorServer(profile="guid-pending") as emu: emu.url`."""

    def __init__(
        self,
        profile: str | None = None,
        *,
        speed: float = 1.0,
        limits: bool = True,
        state: Path | None = None,
        seed: Seed | None = None,
        operation_seconds: float = OPERATION_SECONDS,
        resolve: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        port: int = 0,
    ) -> None:
        self._platform = Platform(
            Settings(profile, state, speed, limits, seed, operation_seconds, dict(resolve or {}), ca_file)
        )
        self._socket = _listening(port)
        self._server = _server(self._platform)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.control = EmulatorControl(self.url)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                message = f"the emulator did not start within {START_SECONDS} s"
                raise RuntimeError(message)
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.control.close()
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()
        self._platform.close()


def serve(settings: Settings, port: int, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` gets the port once requests are accepted."""
    platform = Platform(settings)
    with contextlib.closing(platform), _listening(port) as listening:
        server = _server(platform)
        announce = threading.Thread(target=_announce, args=(server, listening.getsockname()[1], ready), daemon=True)
        announce.start()
        server.run(sockets=[listening])


def _announce(server: uvicorn.Server, port: int, ready: Callable[[int], None]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    ready(port)


def _server(platform: Platform) -> uvicorn.Server:
    def drop(scope: Scope) -> None:
        for connection in list(server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if getattr(connection, "client", None) == scope["client"] and transport is not None:
                transport.abort()

    config = uvicorn.Config(
        Gateway(platform, control_app(platform), drop),
        http="httptools",  # a third of the processor time of h11, which was 0.2 ms of each request
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    return server


def _listening(port: int) -> socket.socket:
    # asyncio turns Nagle off only on sockets that name their protocol; with it each answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    listening.listen(512)
    return listening
