"""The controller's part of the demo: it runs as a process and follows a remote that the admin pushes to.

Not here: the rest of the story (``story``), where it plays (``place``).
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stagemail.cli.demo.place import PATIENCE, Place, program_of
from stagemail.cli.demo.telling import require

EMAIL = "environments/qa/email.yaml"


def follow(place: Place) -> None:
    """A push is live without a command; the portal's edit is healed; a kill -9 loses nothing."""
    place.teller.step("The controller runs and follows a remote: a commit is pushed, and is live without a command.")
    _remote(place)
    with _controller(place):
        _push(place, "Example QA team", "Example QA desk", "Let the desk write")
        _until(place, lambda: _live(place, "CRM", "senderName") == "Example QA desk", "the pushed change is live")
        place.teller.seen("CRM sends as Example QA desk; nobody typed plan or apply")
        place.teller.step("Somebody switches Billing's test list off in the portal: the controller heals it.")
        place.emulator(
            "portal", "set", "--stage", "QA", "--app", "Billing", "--field", "testListActive", "--value", "false"
        )
        _until(place, lambda: _live(place, "Billing", "testListActive") == "True", "the drift is healed")
        place.teller.seen("Billing's mail goes to the test list again")
    place.teller.step("The controller is killed with kill -9 in the middle of a change: the next one finishes it.")
    before = len(place.ledger())
    with _controller(place) as process:
        _push(place, "Example QA desk", "Example QA", "Take the name back")
        _until(place, lambda: len(place.ledger()) > before, "the controller writes")
        place.teller.command("kill -9 (the controller)")
        process.kill()
        process.wait(10)
    with _controller(place):
        _until(place, lambda: _live(place, "Portal", "senderName") == "Example QA", "the change is live")
    patches = [row for row in place.ledger()[before:] if row["method"] == "PATCH" and row["status"] < 300]
    require(len(patches) == 1, f"one PATCH for the stage, not {len(patches)}")
    place.teller.seen("the change is live, and the platform's books show one PATCH")
    place.stagemail("history", "--verify", shows=["none altered, removed or moved"])


def _remote(place: Place) -> None:
    folder = place.folder / "remote.git"
    place.change(
        "stagemail.yaml",
        "source: {path: environments}",
        f"source: {{url: {folder}, branch: main}}\ncontroller: {{poll: 20s, observe: 60s}}",
        "Follow the remote",
    )
    place.git("clone", "--quiet", "--bare", ".", str(folder))
    place.git("remote", "add", "origin", str(folder))


def _push(place: Place, old: str, new: str, message: str) -> None:
    place.change(EMAIL, f"name: {old}", f"name: {new}", message)
    place.teller.command("git push")
    place.git("push", "--quiet", "origin", "main")


@contextmanager
def _controller(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    place.teller.command("stagemail controller &")
    (place.folder / "controller.log").touch()
    begun = _log(place).count("following")
    environment = {**place.environment, "XDG_CACHE_HOME": str(place.folder / "cache")}
    with (place.folder / "controller.log").open("ab") as log:
        process = subprocess.Popen(
            [*program_of("stagemail"), "controller"], cwd=place.repository, env=environment, stdout=log, stderr=log
        )
    place.processes.append(process)
    _until(place, lambda: _log(place).count("following") > begun, "the controller starts")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        require(process.wait(12) in (0, -signal.SIGKILL), "the controller ends in order")


def _live(place: Place, app: str, field: str) -> str:
    rows = place.asked(f"show?stage=QA&app={app}")["entries"]
    return next((str(row["live"]) for row in rows if row["field"] == field), "")


def _until(place: Place, holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        require(time.monotonic() < end, what, _log(place))
        time.sleep(0.05)


def _log(place: Place) -> str:
    return (place.folder / "controller.log").read_text(encoding="utf-8", errors="replace")
