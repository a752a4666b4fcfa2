"""``python -m benchmarks.inbox_load bare|ours COUNT``: messages a second into a bare aiosmtpd, or the inbox.

Both sides: one server process, the same client process with 16 sessions, plain SMTP, 1 KB messages, an answer awaited
for every command. Ours also commits each message to disk before its 250. Prints JSON. Not here: the table.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from stagemail.inbox.committing import Committer
from stagemail.inbox.smtp import SmtpSettings, listening
from stagemail.inbox.store import Reader, Writer
from stagemail.model.inbox import InboxLimits
from stagemail.wiring.clock import SystemClock

SESSIONS = 16
CONTENT = (
    b"From: a@example.com\r\nSubject: load\r\n\r\n" + b"0123456789 abcdefghij 0123456789 abcdefghij 01234\r\n" * 19
)


class Bare:
    """A handler that forgets what it gets."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Say yes."""
        del server, session, envelope
        return "250 OK"


def memory() -> float:
    """Resident megabytes of this process now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def _loaded(port: int, count: int) -> float:
    """Seconds that the client process takes."""
    start = time.perf_counter()
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.inbox_load", "client", str(count), str(port)
    )
    if await client.wait():
        sys.exit("the client failed")
    return time.perf_counter() - start


async def _measured(port: int, count: int) -> tuple[float, float, float, float]:
    """Seconds, megabytes before and after, and this process's seconds of a processor."""
    await _loaded(port, SESSIONS * 20)
    before, busy = memory(), time.process_time()
    return await _loaded(port, count), before, memory(), time.process_time() - busy


async def bare(count: int) -> tuple[float, float, float, float]:
    """aiosmtpd alone."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Bare(), loop=loop, hostname="localhost"), "127.0.0.1", 0)
    async with server:
        return await _measured(server.sockets[0].getsockname()[1], count)


async def ours(count: int) -> tuple[float, float, float, float]:
    """The inbox. Every message is looked for afterwards."""
    with tempfile.TemporaryDirectory() as folder, Writer(Path(folder), InboxLimits()) as writer:
        committer = Committer(writer, SystemClock())
        settings = SmtpSettings("127.0.0.1", 0, "localhost", None, "", "")
        async with listening(settings, committer) as port:
            found = await _measured(port, count)
        committer.close()
        state = Reader(Path(folder)).state()
        if state.messages + state.dropped != count + SESSIONS * 20:
            sys.exit(f"{state.messages} kept and {state.dropped} dropped of {count + SESSIONS * 20}")
    return found


async def client(count: int, port: int) -> None:
    """Sessions side by side."""
    await asyncio.gather(*(_session(port, count // SESSIONS) for _ in range(SESSIONS)))


async def _session(port: int, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def say(line: bytes, expect: bytes) -> None:
        writer.write(line)
        answer = await reader.readline()
        while answer[3:4] == b"-":
            answer = await reader.readline()
        if not answer.startswith(expect):
            sys.exit(f"{line[:40]!r} was answered with {answer!r}")

    await say(b"", b"220")
    await say(b"EHLO localhost\r\n", b"250")
    for _ in range(count):
        await say(b"MAIL FROM:<a@example.com>\r\n", b"250")
        await say(b"RCPT TO:<b@example.com>\r\n", b"250")
        await say(b"DATA\r\n", b"354")
        await say(CONTENT + b".\r\n", b"250")
    await say(b"QUIT\r\n", b"221")
    writer.close()


def main(arguments: list[str]) -> None:
    """Run one side, or the client."""
    kind, count = arguments[0], int(arguments[1])
    if kind == "client":
        asyncio.run(client(count, int(arguments[2])))
        return
    seconds, before, after, busy = asyncio.run(bare(count) if kind == "bare" else ours(count))
    told = {"perSecond": count / seconds, "before": before, "after": after, "milliseconds": busy / count * 1000}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
