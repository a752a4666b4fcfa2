"""From a name to a socket: one look-up, every address checked, the checked one connected to."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.unit.mail.servers import PATIENT

from stagemail.mail.bounds import Bounds
from stagemail.mail.connecting import Address, connect, resolve
from stagemail.mail.faults import Fault
from stagemail.model.egress import Egress


def answering(monkeypatch: pytest.MonkeyPatch, *rounds: tuple[str, ...]) -> list[int]:
    """Let the resolver give these addresses, one round per look-up; gives a list that grows with each."""
    looks: list[int] = []
    real = socket.getaddrinfo

    def look(host: str, port: int, *more: Any, **rest: Any) -> Any:
        if host != "smtp.example.com":
            return real(host, port, *more, **rest)
        found = rounds[min(len(looks), len(rounds) - 1)]
        looks.append(1)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return looks


def fault(work: Callable[[], object]) -> Fault:
    with pytest.raises(Fault) as caught:
        work()
    return caught.value


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:10.1.1.1"]
)
def test_one_inside_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    answering(monkeypatch, ("93.184.216.34", inside))
    found = fault(lambda: resolve("smtp.example.com", 587, Egress(), PATIENT))
    assert (found.code, inside in found.cause) == ("address-refused", True)


def test_a_name_is_looked_up_once_and_its_address_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        looks = answering(monkeypatch, ("127.0.0.1",), ("127.9.9.9",))
        found = resolve("smtp.example.com", port, Egress(networks=("127.0.0.0/8",)), PATIENT)
        made, address, tried = connect(found, PATIENT, 60)
        made.close()
    assert (address, tried, looks) == (Address("127.0.0.1", port), [], [1])


def test_an_address_that_is_written_down_is_checked_too() -> None:
    assert fault(lambda: resolve("127.0.0.1", 587, Egress(), PATIENT)).code == "address-refused"
    assert fault(lambda: resolve("::1", 587, Egress(), PATIENT)).code == "address-refused"


def test_a_route_is_taken_and_checked() -> None:
    route = {"smtp.example.com:587": "127.0.0.1:2525"}
    inside = Egress(networks=("127.0.0.0/8",), routes=route)
    assert resolve("smtp.example.com", 587, inside, PATIENT) == (Address("127.0.0.1", 2525),)
    assert fault(lambda: resolve("smtp.example.com", 587, Egress(routes=route), PATIENT)).code == "address-refused"


def test_an_unknown_name_and_a_resolver_that_cannot_answer_are_two_things(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, code, retry in (
        (socket.EAI_NONAME, "unknown-host", False),
        (socket.EAI_AGAIN, "resolver-failed", True),
    ):

        def look(*_all: object, number: int = number, **_more: object) -> None:
            raise socket.gaierror(number, "no")

        monkeypatch.setattr(socket, "getaddrinfo", look)
        found = fault(lambda: resolve("smtp.example.com", 587, Egress(), PATIENT))
        assert (found.code, found.retry) == (code, retry)


def test_a_port_on_which_nobody_listens_is_refused_and_one_that_answers_nothing_is_filtered() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        refused = Address("127.0.0.1", nobody.getsockname()[1])
        assert fault(lambda: connect((refused,), PATIENT, 60)).code == "port-refused"
    with Filtered() as port:
        bounds = Bounds(connect=0.5)
        found = fault(lambda: connect((Address("127.0.0.1", port),), bounds, 5))
    assert (found.code, found.retry) == ("port-filtered", True)


class Filtered:
    """A port whose queue is full: the kernel drops every further SYN, as a firewall does."""

    def __enter__(self) -> int:
        self._stack = ExitStack()
        server = self._stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = self._stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        return int(server.getsockname()[1])

    def __exit__(self, *_all: object) -> None:
        self._stack.close()


def test_the_next_address_is_tried_and_the_silent_one_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        made, address, tried = connect((Address("127.0.0.9", port), Address("127.0.0.1", port)), PATIENT, 60)
        made.close()
    assert (address.ip, tried) == ("127.0.0.1", [f"127.0.0.9:{port}: refused"])


@pytest.fixture
def six() -> Iterator[int]:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        yield int(server.getsockname()[1])


def test_ipv6_is_connected_to_and_can_be_asked_for(six: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ("127.0.0.1", "::1"))
    egress = Egress(networks=("127.0.0.0/8", "::1/128"))
    found = resolve("smtp.example.com", six, egress, PATIENT, family=6)
    made, address, _ = connect(found, PATIENT, 60)
    made.close()
    assert (address.family, str(address)) == (6, f"[::1]:{six}")
    assert [a.family for a in resolve("smtp.example.com", six, egress, PATIENT, family=4)] == [4]
