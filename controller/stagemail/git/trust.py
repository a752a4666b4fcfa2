"""Whose signatures count: keys from files on this machine, in a keyring of their own that only this process uses.

The user's GnuPG home, agent and trust are never asked, and no file of the repository under review is.
Source: gpg(1), ssh-keygen(1) ALLOWED SIGNERS, git-config(1) gpg.*.
Not here: judging commits (``verifying``), which history may be followed (``source.following``).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from stagemail.dataclass import dataclass
from stagemail.errors import NotFound, UserMustFix

MAX_KEY_FILE: Final = 4 * 1024 * 1024
"""Bytes of one file with keys."""
SECONDS: Final = 60.0
"""Seconds that reading a file of keys may take."""
_GPG_CONF: Final = "no-auto-key-retrieve\nno-auto-key-locate\ntrust-model always\nweak-digest SHA1\nno-autostart\n"
_VALID_BEFORE: Final = re.compile(rb'valid-before="?(\d{8})(?:(\d{4})(\d{2})?)?(Z?)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Files on this machine: public OpenPGP keys, SSH allowed signers, and SSH keys that are revoked."""

    openpgp: tuple[Path, ...] = ()
    allowed_signers: Path | None = None
    revoked_signers: Path | None = None

    def fingerprint(self) -> str:
        """Changes whenever a file does. Raises NotFound, UserMustFix."""
        digest = sha256()
        for path in (*self.openpgp, self.allowed_signers, self.revoked_signers):
            data = b"" if path is None else _read(path)
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Trust:
    """A keyring that is ready: git configuration and environment that make git believe these keys and no other."""

    config: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    fingerprint: str
    lenient: tuple[tuple[str, str], ...] = ()
    """Configuration that lets revoked and ended SSH keys pass: asked only to say why a commit is refused."""


@contextmanager
def trusting(files: KeyFiles, now: datetime) -> Iterator[Trust]:
    """A keyring in a private folder that goes away afterwards.

    ``now``: SSH keys whose ``valid-before`` has passed are left out, because git itself compares that with the time
    that the commit claims. Raises NotFound, UserMustFix with the file that cannot be used.
    """
    fingerprint = files.fingerprint()
    with tempfile.TemporaryDirectory(prefix="stagemail-keys-") as made:
        folder = Path(made)
        home, signers, revoked = folder / "gnupg", folder / "allowed_signers", folder / "revoked"
        ended, none = folder / "ended_signers", folder / "none"
        home.mkdir(mode=0o700)
        (home / "gpg.conf").write_text(_GPG_CONF, encoding="ascii")
        for path in files.openpgp:
            _import(path, home)
        every = _read(files.allowed_signers) if files.allowed_signers else b""
        ended.write_bytes(every)
        signers.write_bytes(b"".join(line for line in every.splitlines(keepends=True) if not _has_ended(line, now)))
        revoked.write_bytes(_read(files.revoked_signers) if files.revoked_signers else b"")
        none.write_bytes(b"")
        environment = (("GNUPGHOME", str(home)), ("HOME", str(folder)))
        yield Trust(_config(signers, revoked), environment, fingerprint, lenient=_config(ended, none))


def _config(signers: Path, revoked: Path) -> tuple[tuple[str, str], ...]:
    """Every program and file that a repository's own configuration could name is named here."""
    return (
        ("gpg.format", "openpgp"),
        ("gpg.program", "gpg"),
        ("gpg.openpgp.program", "gpg"),
        ("gpg.x509.program", "false"),
        ("gpg.ssh.program", "ssh-keygen"),
        ("gpg.ssh.allowedSignersFile", str(signers)),
        ("gpg.ssh.revocationFile", str(revoked)),
        ("gpg.ssh.defaultKeyCommand", "false"),
        ("gpg.minTrustLevel", "undefined"),
    )


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{path}: the file with trusted keys cannot be read ({error.strerror}); no commit can be verified",
            hint="mend `source.verification` in the operator file, or the file's permissions",
        ) from None
    if len(data) > MAX_KEY_FILE:
        raise UserMustFix(f"{path}: more than {MAX_KEY_FILE:,} bytes are no file of keys", hint="name another file")
    return data


def _import(path: Path, home: Path) -> None:
    program = shutil.which("gpg")
    if program is None:
        raise NotFound("gpg is not installed; commits with OpenPGP signatures cannot be verified",
                       hint="install GnuPG (apt install gnupg), or leave `gpgKeys` out")  # fmt: skip
    environment = {"PATH": os.environ.get("PATH", os.defpath), "GNUPGHOME": str(home), "LC_ALL": "C"}
    done = subprocess.run(
        [program, "--batch", "--no-tty", "--no-autostart", "--status-fd=1", "--import"],
        input=_read(path), env=environment, capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if b"[GNUPG:] IMPORT_OK" not in done.stdout:
        raise UserMustFix(
            f"{path}: no public OpenPGP key can be read from it",
            hint="write one with `gpg --armor --export ADDRESS > FILE`; never a secret key",
        )


def _has_ended(line: bytes, now: datetime) -> bool:
    found = _VALID_BEFORE.search(line)
    if found is None or line.lstrip().startswith(b"#"):
        return False
    day, minutes, seconds, zulu = (part or b"" for part in found.groups())
    text = (day + (minutes or b"0000") + (seconds or b"00")).decode("ascii")
    try:
        end = datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone follows
    except ValueError:
        return True
    return (end.replace(tzinfo=UTC) if zulu else end.astimezone()) <= now
