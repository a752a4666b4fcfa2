"""Which addresses and destinations mail checks may reach."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.model.egress import Egress

NOTHING = Egress()


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"])
def test_public_addresses_may_be_reached(address: str) -> None:
    assert NOTHING.refusal(address) == ""


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"), ("::1", "loopback"), ("169.254.1.1", "link-local"), ("fe80::1%eth0", "link-local"),
        ("10.1.2.3", "private"), ("172.16.0.1", "private"), ("192.168.1.1", "private"), ("fc00::1", "private"),
        ("100.64.1.1", "private"), ("169.254.169.254", "metadata"), ("fd00:ec2::254", "metadata"),
        ("100.100.100.200", "metadata"), ("0.0.0.0", "no address of one host"), ("224.0.0.1", "no address of one host"),
        ("240.0.0.1", "reserved"), ("::ffff:127.0.0.1", "loopback"), ("::ffff:169.254.169.254", "metadata"),
        ("168.63.129.16", "metadata"), ("169.254.170.23", "metadata"), ("fd20:ce::254", "metadata"),
        ("fec0::1", "private"), ("feff:ffff::1", "private"), ("64:ff9b:1::a00:1", "is "), ("::127.0.0.1", "is "),
        ("64:ff9b::a9fe:a9fe", "metadata"), ("2002:7f00:1::", "loopback"), ("2002:a00:1::", "private"),
        ("not an address", "no IP address"), ("", "no IP address"),
    ],
)  # fmt: skip
def test_inside_addresses_are_refused_in_every_disguise(address: str, kind: str) -> None:
    assert kind in NOTHING.refusal(address)


def test_a_network_lets_its_own_addresses_be_reached_and_no_other() -> None:
    egress = Egress(networks=("10.20.0.0/16", "fd12::/64"))
    assert egress.refusal("10.20.3.4") == egress.refusal("fd12::5") == ""
    assert egress.refusal("10.21.0.1") != "" and egress.refusal("fd12:0:0:1::5") != ""


def test_metadata_services_are_reached_only_by_a_network_of_exactly_that_address() -> None:
    assert Egress(networks=("169.254.0.0/16",)).refusal("169.254.1.1") == ""
    assert "metadata" in Egress(networks=("169.254.0.0/16", "0.0.0.0/0")).refusal("169.254.169.254")
    assert Egress(networks=("169.254.169.254/32",)).refusal("169.254.169.254") == ""


@given(st.integers(0, 2**32 - 1))
def test_an_address_inside_an_ipv6_address_is_judged_as_itself(number: int) -> None:
    plain = NOTHING.refusal(str(IPv4Address(number)))
    assert NOTHING.refusal(f"::ffff:{IPv4Address(number)}") == plain
    assert NOTHING.refusal(f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}") == plain


def test_destinations_are_whole_names_in_any_spelling() -> None:
    egress = Egress(frozenset({"SMTP.example.com:587"}))
    assert egress.allows("smtp.example.com.", 587)
    assert not egress.allows("smtp.example.com", 25)
    assert not egress.allows("evil-smtp.example.com", 587)
