"""A small web server that answers as a test says, for what the emulator never does."""

import gzip
import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[str, str, bytes], Answer]


def bomb(megabytes: int) -> bytes:
    """Zeros, packed twice by gzip: a few hundred bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    once = b"".join([*(packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)), packer.flush()])
    return gzip.compress(once, 9)


class Web:
    """Answers every request with ``answering(method, path, body)``; ``seen`` lists methods and paths."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.seen: list[tuple[str, str]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                web.seen.append((self.command, self.path))
                status, headers, content = web.answering(self.command, self.path, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                return None

        for method in ("GET", "POST", "PATCH"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(120)
        self._server.server_close()
