"""An answer that is packed is never unpacked: a few kilobytes of the wire could become gigabytes of memory."""

import tracemalloc

import pytest
from tests.unit.target.web import Answer, Web, bomb

from stagemail.errors import Unreachable
from stagemail.target.odc.transport import MAX_BODY, Transport

BOMB = bomb(100)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity, gzip, gzip", "br", "deflate", "zstd"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_packed_answer_is_refused_and_costs_no_memory(method: str, encoding: str) -> None:
    def answering(_method: str, _path: str, _body: bytes) -> Answer:
        return 200, {"content-type": "application/json", "content-encoding": encoding}, BOMB

    with Web(answering) as web:
        sender = Transport(web.url, read_only=False)
        tracemalloc.start()
        try:
            with pytest.raises(Unreachable, match="is compressed") as raised:
                sender.send(method, f"{web.url}/api/x")
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            sender.close()
    assert "proxy" in str(raised.value.hint)
    assert most < 4 * 1024 * 1024


def test_an_answer_that_says_that_it_is_not_packed_is_read() -> None:
    with Web(lambda *_: (200, {"content-encoding": "identity"}, b"{}")) as web:
        sender = Transport(web.url, read_only=False)
        assert sender.send("GET", f"{web.url}/api/x").body == b"{}"
        sender.close()


def test_a_plain_answer_is_read_to_the_bound_and_no_further() -> None:
    with Web(lambda *_: (200, {}, bytes(MAX_BODY + 1))) as web:
        sender = Transport(web.url, read_only=False)
        with pytest.raises(Unreachable, match="larger than"):
            sender.send("GET", f"{web.url}/api/x")
        sender.close()
