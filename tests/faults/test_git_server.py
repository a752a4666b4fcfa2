"""Git servers that break off, hang, garble and are force-pushed meanwhile: what was fetched before stands, in words.

Over git-daemon and git http-backend, with a TCP proxy in between. Not here: which history is followed
(``tests/unit/source/test_following.py``).
"""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.acceptance.bench import GIT
from tests.faults.git_server import daemon, http_backend
from tests.faults.proxy import Proxy, Rule

from stagemail import git
from stagemail.errors import TryLater, UserMustFix

SERVERS = {"git": daemon, "http": http_backend}


def run(folder: Path, *arguments: str) -> str:
    return subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


class Remote:
    """A repository with enough in it that a pack is larger than what one write of a socket takes."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.bare = folder / "served" / "mail.git"
        self.work.mkdir()
        run(self.work, "init", "--quiet", "--initial-branch", "main")
        self.commit("first", 400_000)
        self.bare.parent.mkdir()
        run(folder, "clone", "--quiet", "--bare", str(self.work), str(self.bare))

    def commit(self, name: str, size: int = 400_000) -> str:
        with Path("/dev/urandom").open("rb") as noise:
            (self.work / "environments.bin").write_bytes(noise.read(size))
        run(self.work, "add", "--all")
        run(self.work, "commit", "--quiet", "--message", name)
        return run(self.work, "rev-parse", "HEAD")

    def push(self, *options: str) -> None:
        run(self.work, "push", "--quiet", *options, str(self.bare), "main")

    def rewrite(self) -> str:
        """Another history in place of the newest commit, whose objects are gone from the server."""
        run(self.work, "reset", "--quiet", "--hard", "HEAD~1")
        tip = self.commit("rewritten")
        self.push("--force")
        run(self.bare, "reflog", "expire", "--expire=now", "--all")
        run(self.bare, "gc", "--quiet", "--prune=now")
        return tip


class Way:
    """A remote, the proxy before it, and our mirror of it."""

    def __init__(self, remote: Remote, proxy: Proxy, scheme: str, folder: Path) -> None:
        self.remote, self.proxy, self.folder = remote, proxy, folder
        self.url = f"{scheme}://127.0.0.1:{proxy.port}/mail.git"
        self.scheme = scheme

    def mirror(self, within: float = 120.0) -> str:
        """Fetch; gives where the branch is then."""
        access = git.Access(protocols=(self.scheme,), timeout=within)
        return git.resolve(git.mirror(self.url, self.folder, branch="main", access=access), "HEAD")

    def breaks(self, rule: Rule) -> TryLater:
        """Fetch and fail, by the proxy: where a busy machine did not get so far in time, it gets more."""
        for seconds in (2.0, 10.0, 60.0):
            with pytest.raises(TryLater) as told:
                self.mirror(seconds)
            if rule.hits:
                return told.value
        raise AssertionError(f"it never came to the proxy's {rule.kind}")

    def kept(self) -> str:
        """Where the branch of our copy is, without asking the server."""
        return git.resolve(git.open_repository(self.folder), "HEAD")


@contextmanager
def way(scheme: str, folder: Path) -> Iterator[Way]:
    remote = Remote(folder)
    with SERVERS[scheme](remote.bare.parent) as port, Proxy(("127.0.0.1", port)) as proxy:
        yield Way(remote, proxy, scheme, folder / "mirror")


@pytest.mark.parametrize("scheme", SERVERS)
def test_whatever_the_server_does_in_the_middle_what_was_fetched_before_stands(scheme: str, tmp_path: Path) -> None:
    with way(scheme, tmp_path) as made:
        first = made.mirror()
        second = made.remote.commit("second")
        made.remote.push()
        ask = b"want " if scheme == "git" else b"POST /mail.git/git-upload-pack"
        for kind, after in (("cut", 200_000), ("half-close", 200_000), ("garbage", 50_000), ("hold", 100_000),
                            ("cut", 5), ("drip", 1000)):  # fmt: skip
            rule = made.proxy.does(kind, when=ask if after > 5 else b"", after=after, times=0, seconds=0.05)  # type: ignore[arg-type]
            told = made.breaks(rule)
            assert told.hint, kind
            assert made.url in told.message
            assert kind not in ("hold", "drip") or "did not end in" in told.message, "by the time limit"
            assert made.kept() == first, kind
            made.proxy.calm()
        assert made.mirror() == second
        run(made.folder, "fsck", "--strict")


@pytest.mark.parametrize("scheme", SERVERS)
def test_a_first_fetch_that_breaks_off_leaves_nothing_that_is_taken_for_a_repository(
    scheme: str, tmp_path: Path
) -> None:
    with way(scheme, tmp_path) as made:
        made.proxy.does("cut", when=b"want " if scheme == "git" else b"POST ", after=100_000, times=0)
        with pytest.raises(TryLater):
            made.mirror()
        made.proxy.calm()
        assert made.mirror() == run(made.remote.work, "rev-parse", "HEAD")


@pytest.mark.parametrize("scheme", SERVERS)
def test_a_force_push_in_the_middle_of_a_fetch_is_the_old_or_the_new_history_and_never_half(
    scheme: str, tmp_path: Path
) -> None:
    with way(scheme, tmp_path) as made:
        first = made.mirror()
        made.remote.commit("second")
        made.remote.push()
        rule = made.proxy.does("delay", "request", when=b"command=fetch", times=0, seconds=1.5)
        rewritten: list[str] = []

        def rewrite() -> None:
            while not rule.hits:
                time.sleep(0.01)
            rewritten.append(made.remote.rewrite())

        pushing = threading.Thread(target=rewrite)
        pushing.start()
        try:
            got = made.mirror()
        except TryLater as error:
            assert error.hint
            assert made.kept() == first
        else:
            assert got != first
        pushing.join(120)
        made.proxy.calm()
        assert made.mirror() == rewritten[0]
        run(made.folder, "fsck", "--strict")


def test_a_mirror_whose_objects_were_damaged_is_said_to_be_so(tmp_path: Path) -> None:
    with way("http", tmp_path) as made:
        made.mirror()
        for pack in (made.folder / "objects" / "pack").glob("*.pack"):
            pack.chmod(0o600)
            pack.write_bytes(pack.read_bytes()[:100])
        second = made.remote.commit("second")
        made.remote.push()
        try:
            got = made.mirror()
        except (TryLater, UserMustFix) as error:
            assert error.hint
        else:
            assert got == second
        shutil.rmtree(made.folder)
        assert made.mirror() == second
