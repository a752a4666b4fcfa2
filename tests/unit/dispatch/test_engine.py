"""What the engine leaves behind at the server: nothing, not even where it is cancelled while it connects."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Semaphore
from typing import Any, Self

import pytest

from stagemail.dispatch import engine
from stagemail.dispatch.by_procrastinate import ProcrastinateDispatcher
from stagemail.dispatch.jobs_database import JobsDatabase

PATIENCE = 120.0


@pytest.fixture
def _without_collector() -> Iterator[None]:
    """Python looks for cycles seldom in a process that runs for long."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_without_collector")
def test_a_log_in_that_is_cancelled_ends_at_once_whoever_keeps_the_cancellation() -> None:
    async def ends() -> bytes:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            address = f"postgresql://ada@127.0.0.1:{server.getsockname()[1]}/mail"
            connecting = asyncio.create_task(engine.Connection.connect(address, connect_timeout=600))
            taken, _ = await loop.sock_accept(server)
            with taken:
                assert await loop.sock_recv(taken, 100), "it begins to log in, and nobody answers"
                connecting.cancel()
                with pytest.raises(asyncio.CancelledError) as kept:
                    await connecting
                rest = await asyncio.wait_for(loop.sock_recv(taken, 100), PATIENCE)
                assert kept.type is asyncio.CancelledError
                return rest

    assert asyncio.run(ends()) == b""


def test_whatever_the_engine_connects_is_such_a_one(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = Semaphore(0)

    class Counted(engine.Connection):
        @classmethod
        async def connect(cls, conninfo: str = "", **named: Any) -> Self:
            connected.release()
            return await super().connect(conninfo, **named)

    monkeypatch.setattr(engine, "Connection", Counted)
    with closing(JobsDatabase(database)) as jobs:
        serving = ProcrastinateDispatcher(jobs, 1)
        serving.serve(lambda _job: None)
        assert connected.acquire(timeout=PATIENCE), "what asks for jobs"
        assert connected.acquire(timeout=PATIENCE), "what listens"
        assert serving.stop(PATIENCE)
