"""People with real keys: OpenPGP by gpg, SSH by ssh-keygen. Their agents end with the tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

STRICT = bool(os.environ.get("STAGEMAIL_TESTS_STRICT"))
MISSING = [name for name in ("gpg", "ssh-keygen") if shutil.which(name) is None]
needs_signers = pytest.mark.skipif(bool(MISSING) and not STRICT, reason=f"not installed: {', '.join(MISSING)}")


@dataclass(frozen=True)
class Signers:
    """``folder`` holds GnuPG's home (short, for its sockets), keys, and the files that an operator would write."""

    folder: Path

    def gpg(self, *arguments: str, stdin: str = "", at: str = "") -> str:
        """Run gpg in the signers' own home; ``at``: as if it were then (20200101T000000)."""
        then = [f"--faked-system-time={at}!"] if at else []
        command = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *then, *arguments]
        environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(self.folder / "g"), "LC_ALL": "C"}
        done = subprocess.run(
            command, input=stdin, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def openpgp(self, address: str, *, at: str = "", expires: str = "never") -> Path:
        """A new key; the file with its public part."""
        self.gpg("--quick-gen-key", f"Somebody <{address}>", "ed25519", "sign", expires, at=at)
        return self.public(address)

    def public(self, address: str) -> Path:
        """The public key as it is now."""
        path = self.folder / f"{address}.asc"
        path.write_text(self.gpg("--armor", "--export", address), encoding="ascii")
        return path

    def revoke(self, address: str) -> Path:
        """The file with the public key, revoked."""
        listed = self.gpg("--list-keys", "--with-colons", address)
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        certificate = (self.folder / "g" / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text(encoding="utf-8")
        path = self.folder / f"{address}-revoked.asc"
        path.write_text(self.public(address).read_text() + certificate.replace(":-----BEGIN", "-----BEGIN"))
        return path

    def ssh(self, name: str) -> Path:
        """A new SSH key; the file with its private part (the public one has .pub behind it)."""
        path = self.folder / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        return path

    def allowed(self, *keys: Path, options: str = 'namespaces="git"') -> Path:
        """A file of allowed signers."""
        path = self.folder / "allowed_signers"
        lines = [f"{key.name}@example.com {options} {' '.join(_public(key).split()[:2])}\n" for key in keys]
        path.write_text("".join(lines), encoding="ascii")
        return path

    def program(self, at: str = "") -> Path:
        """A gpg that signs with these keys, as if it were then."""
        path = self.folder / f"gpg-{at or 'now'}"
        then = f"--faked-system-time={at}!" if at else ""
        path.write_text(f'#!/bin/sh\nGNUPGHOME={self.folder / "g"} exec gpg {then} "$@"\n', encoding="ascii")
        path.chmod(0o755)
        return path


def _public(key: Path) -> str:
    return key.with_name(f"{key.name}.pub").read_text(encoding="ascii")


@pytest.fixture(scope="module")
def signers() -> Iterator[Signers]:
    """A folder with a short name: sockets of gpg-agent must fit into 108 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="sm-"))
    (folder / "g").mkdir(mode=0o700)
    yield Signers(folder)
    if shutil.which("gpgconf"):
        subprocess.run(["gpgconf", "--homedir", str(folder / "g"), "--kill", "all"], check=False, timeout=60)
    shutil.rmtree(folder)


def by_gpg(signers: Signers, address: str, at: str = "") -> tuple[str, ...]:
    """Options of git with which it signs as this person."""
    return ("-c", f"gpg.program={signers.program(at)}", "-c", f"user.signingKey={address}", "-c", "commit.gpgSign=true")


def by_ssh(key: Path) -> tuple[str, ...]:
    """Options of git with which it signs with this key."""
    return ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "-c", "commit.gpgSign=true")
