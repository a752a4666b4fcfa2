"""``python -m stagemail.web SOCKET LINK``: the process that listens, started by ``edge`` with two file descriptors.

It knows the hooks' secrets and nothing else: no record, no platform, no Git. It ends when the controller does.
Not here: who starts it (``edge``).
"""

import asyncio
import itertools
import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from stagemail.model.secret import Secret
from stagemail.web.app import application
from stagemail.web.hooks import Hook
from stagemail.web.pushes import Push
from stagemail.web.serve import server

PATIENCE: Final = 5.0
"""Seconds that the controller may take for a page."""
LONGEST_LINE: Final = 32 * 1024 * 1024
NICE: Final = 10
"""Under load the controller's own work goes first."""


class Link:
    """The line to the controller: JSON, a message a line. Implements ``app.Backend``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._hooks: dict[str, Hook] = {}
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[tuple[int, str]]] = {}
        self._asked: dict[str, asyncio.Task[tuple[int, str]]] = {}

    async def listen(self) -> None:
        """Take what the controller says, until it hangs up."""
        while line := await self._reader.readline():
            said: dict[str, Any] = json.loads(line)
            if "hooks" in said:
                self._hooks = {h["name"]: Hook(h["name"], h["type"], Secret(h["secret"])) for h in said["hooks"]}
            waiting = self._waiting.pop(said.get("number", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result((said["status"], said["body"]))

    def hooks(self) -> Mapping[str, Hook]:
        """The hooks as the controller told them last."""
        return self._hooks

    async def pushed(self, push: Push) -> None:
        """Pass a hint on. Waits where the controller reads slowly."""
        self._say({"push": asdict(push)})
        await self._writer.drain()

    async def page(self, path: str) -> tuple[int, str]:
        """A page; all who ask at the same time get the same answer."""
        asked = self._asked.get(path)
        if asked is None:
            asked = self._asked[path] = asyncio.create_task(self._ask(path))
            asked.add_done_callback(lambda _done: self._asked.pop(path, None))
        return await asyncio.shield(asked)

    async def _ask(self, path: str) -> tuple[int, str]:
        number = next(self._numbers)
        self._waiting[number] = waiting = asyncio.get_running_loop().create_future()
        self._say({"page": path, "number": number})
        try:
            return await asyncio.wait_for(waiting, PATIENCE)
        except TimeoutError:
            self._waiting.pop(number, None)
            return 503, f"the controller did not answer within {PATIENCE:g} s\n"

    def _say(self, message: Mapping[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")


async def run(listening: socket.socket, link: socket.socket) -> None:
    """Serve until the controller hangs up."""
    reader, writer = await asyncio.open_connection(sock=link, limit=LONGEST_LINE)
    backend = Link(reader, writer)
    serving = server(application(backend))
    serves = asyncio.create_task(serving.serve(sockets=[listening]))
    listens = asyncio.create_task(backend.listen())
    await asyncio.wait({serves, listens}, return_when=asyncio.FIRST_COMPLETED)
    serving.should_exit = True
    await serves


def main(listening: str, link: str) -> None:
    """Take over both descriptors and serve."""
    with suppress(OSError):  # a service manager may refuse it
        os.nice(NICE)
    asyncio.run(run(socket.socket(fileno=int(listening)), socket.socket(fileno=int(link))))


if __name__ == "__main__":
    main(*sys.argv[1:3])
