"""Who holds a lease, and when its holder is known to have ended."""

import os
import subprocess
import sys

import pytest

from stagemail.wiring.identity import actor, is_gone, owner


def test_this_process_is_not_gone() -> None:
    assert not is_gone(owner())


def test_a_process_of_this_host_that_ended_is_gone() -> None:
    code = "from stagemail.wiring.identity import owner; print(owner())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert f"pid {os.getpid()} " not in told
    assert is_gone(told)


def test_a_process_id_that_was_used_again_is_another_process() -> None:
    begun = owner().rpartition(" begun ")[2]
    ours = owner().removesuffix(begun)
    assert is_gone(f"{ours}1{begun}")


@pytest.mark.parametrize(
    "other",
    [
        "ci job 7",
        "",
        "root@elsewhere pid 1 begun 5 in 4026531836",
    ],
)
def test_holders_that_cannot_be_seen_from_here_are_never_gone(other: str) -> None:
    assert not is_gone(other)


def test_a_process_of_another_container_is_never_gone() -> None:
    assert not is_gone(owner().rpartition(" in ")[0] + " in 1")


def test_the_actor_is_the_person_that_ci_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    assert actor() == "ada"
    monkeypatch.setenv("STAGEMAIL_ACTOR", "grace")
    assert actor() == "grace"
