"""The file store opens regular files below its folder and nothing else."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from stagemail.errors import NotFound, NotPermitted, SecretUnusable, StagemailError
from stagemail.model.secret import SecretRef
from stagemail.secret.file import FileStore


def ref(key: str) -> SecretRef:
    return SecretRef("file", key)


def read(store: FileStore, key: str) -> str:
    return store.read(ref(key)).value.reveal()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Permissions mean nothing to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_in_a_subfolder_is_read(tmp_path: Path) -> None:
    (tmp_path / "qa").mkdir()
    (tmp_path / "qa" / "smtp-password").write_text("hunter2")
    answer = FileStore(tmp_path).read(ref("qa/smtp-password"))
    assert (answer.value.reveal(), answer.version) == ("hunter2", "")


@pytest.mark.parametrize(
    ("content", "value"), [("a\n", "a"), ("a\n\n", "a\n"), ("a\r\n", "a"), ("a", "a"), (" a ", " a ")]
)
def test_one_final_newline_is_not_part_of_the_value(tmp_path: Path, content: str, value: str) -> None:
    (tmp_path / "k").write_bytes(content.encode())
    assert read(FileStore(tmp_path), "k") == value


def test_a_file_of_exactly_the_limit_and_a_newline_is_read(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"x" * 65536 + b"\n")
    assert len(read(FileStore(tmp_path), "k")) == 65536


def test_a_fifo_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "k")
    with pytest.raises(SecretUnusable, match="not a regular file"):
        read(FileStore(tmp_path), "k")


def test_a_socket_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/k")
        with pytest.raises(SecretUnusable):
            read(FileStore(Path(short)), "k")
    with pytest.raises(SecretUnusable):
        read(FileStore(tmp_path), "folder")


def test_devices_and_the_kernels_files_are_refused() -> None:
    for folder, key in (("/dev", "zero"), ("/proc/self", "environ"), ("/proc", "version")):
        with pytest.raises(SecretUnusable):
            read(FileStore(Path(folder)), key)


def test_a_file_used_as_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("x")
    with pytest.raises(SecretUnusable, match="no folder"):
        read(FileStore(tmp_path), "k/x")


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A Secret as Kubernetes mounts it, with links out of the folder beside it."""
    folder = tmp_path / "mount"
    (folder / "..2026_05_04").mkdir(parents=True)
    (folder / "..2026_05_04" / "password").write_text("hunter2")
    (folder / "..data").symlink_to("..2026_05_04")
    (folder / "password").symlink_to("..data/password")
    (tmp_path / "outside").write_text("not yours")
    (folder / "up").symlink_to("../outside")
    (folder / "absolute").symlink_to(tmp_path / "outside")
    (folder / "away").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    return folder


@pytest.mark.parametrize("key", ["password", "up", "absolute", "away/outside", "loop"])
def test_no_link_is_followed(linked: Path, key: str) -> None:
    with pytest.raises(SecretUnusable, match="symbolic link"):
        read(FileStore(linked), key)


def test_links_that_stay_inside_are_followed_where_the_operator_says_so(linked: Path) -> None:
    assert read(FileStore(linked, follow_links_inside=True), "password") == "hunter2"


@pytest.mark.parametrize("key", ["up", "absolute", "away/outside", "loop"])
def test_links_that_lead_out_or_in_circles_are_refused_even_then(linked: Path, key: str) -> None:
    with pytest.raises(SecretUnusable, match="symbolic link"):
        read(FileStore(linked, follow_links_inside=True), key)


def test_a_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        read(FileStore(tmp_path / "none"), "k")


def test_a_file_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("x")
    (tmp_path / "k").chmod(0o666)
    with pytest.raises(NotPermitted, match="written by everybody"):
        read(FileStore(tmp_path), "k")


def test_the_origin_says_when_everybody_may_read_the_file(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("x")
    (tmp_path / "k").chmod(0o644)
    assert "every user of this machine" in FileStore(tmp_path).origin(ref("k"))
    (tmp_path / "k").chmod(0o600)
    assert FileStore(tmp_path).origin(ref("k")) == f"file {tmp_path}/k"


def test_a_file_that_we_may_not_read_says_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "k").write_text("x")
        (Path(folder) / "k").chmod(0)
        with unprivileged(), pytest.raises(NotPermitted, match="may not be read"):
            read(FileStore(Path(folder)), "k")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_stays_open(linked: Path) -> None:
    before = descriptors()
    for key in ("password", "up", "loop", "none", "..2026", "password/x"):
        for store in (FileStore(linked), FileStore(linked, follow_links_inside=True)):
            with suppress(StagemailError):
                store.read(ref(key))
    assert descriptors() == before
