"""Postfix with Cyrus SASL, TLS of our own authority, a greylisting policy and a mailbox: all of it in one folder.

Nothing of the system's Postfix is used but its programs: own configuration, queue and ports on loopback; ended by the
test. It needs root, because Postfix does.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from pwd import getpwnam

import pytest
from tests.ports import free_port
from tests.unit.mail.certificates import NAME, ensure_certificates

MASTER = Path("/usr/lib/postfix/sbin/master")
USER, PASSWORD = "mailer@example.com", "postfix-only-password"
SIZE = 100_000
QUEUES = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "private", "public",
    "saved", "trace",
)  # fmt: skip
SERVICES = ("submission", "smtps", "relay", "greylisting")
PATIENCE = 120.0


def require() -> None:
    """Skip where it cannot run; CI has it."""
    missing = not MASTER.exists() or shutil.which("saslpasswd2") is None
    if missing or os.geteuid() != 0:
        pytest.skip("Postfix with Cyrus SASL is not installed, or this is not root")


@dataclass
class Greylist:
    """A policy server: every recipient waits once (postfix.org/SMTPD_POLICY_README)."""

    seen: set[str] = field(default_factory=set)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator["Greylist"]:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.05)
        self.port = listener.getsockname()[1]
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection, connection.makefile("rw") as file:
                        self._answer(file, over)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join(5)
            listener.close()

    def _answer(self, file: object, over: threading.Event) -> None:
        asked: dict[str, str] = {}
        for line in file:  # type: ignore[attr-defined]
            name, _, value = line.strip().partition("=")
            if name:
                asked[name] = value
                continue
            recipient = asked.get("recipient", "")
            known = recipient in self.seen
            self.seen.add(recipient)
            file.write(f"action={'dunno' if known else 'defer_if_permit Greylisted, come back later'}\n\n")  # type: ignore[attr-defined]
            file.flush()  # type: ignore[attr-defined]
            return


@dataclass(frozen=True)
class Postfix:
    """A running one. ``ports`` by service; ``authority`` signed its certificate."""

    folder: Path
    ports: dict[str, int]
    greylist: Greylist

    @property
    def authority(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def mailbox(self) -> list[bytes]:
        """What was delivered."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / "inbox" / "new").glob("*"))]

    def delivered(self, count: int) -> list[bytes]:
        """The mailbox, once it holds so many."""
        end = time.monotonic() + PATIENCE
        while len(self.mailbox()) < count:
            assert time.monotonic() < end, f"{count} messages arrive; the log says:\n{self.log()}"
            time.sleep(0.02)
        return self.mailbox()

    def log(self) -> str:
        path = self.folder / "postfix.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextmanager
def postfix() -> Iterator[Postfix]:
    """Start one, and end it."""
    folder = Path(tempfile.mkdtemp(prefix="stagemail-postfix-"))
    folder.chmod(0o755)
    try:
        with Greylist().running() as greylist:
            made = Postfix(folder, {service: free_port() for service in SERVICES}, greylist)
            _configure(made)
            with _master(made):
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _master(made: Postfix) -> Iterator[None]:
    process = subprocess.Popen(
        [MASTER, "-c", made.folder / "etc", "-d"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "MAIL_CONFIG": str(made.folder / "etc")},
    )  # fmt: skip
    try:
        end = time.monotonic() + PATIENCE
        while not all(_listens(port) for port in made.ports.values()):
            assert process.poll() is None and time.monotonic() < end, f"Postfix starts; the log says:\n{made.log()}"
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _configure(made: Postfix) -> None:
    folder, owner = made.folder, getpwnam("postfix")
    for name in ("etc", "etc/sasl", "tls", "queue", "data", "mail"):
        (folder / name).mkdir(mode=0o755)
    for name in QUEUES:
        (folder / "queue" / name).mkdir(mode=0o711 if name == "public" else 0o700)
        os.chown(folder / "queue" / name, owner.pw_uid, owner.pw_gid)
    (folder / "queue" / "pid").mkdir(mode=0o755)
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", 65534, 65534)
    certificate, key = ensure_certificates(folder / "tls", NAME)
    _sasl(folder, owner.pw_uid)
    (folder / "etc" / "main.cf").write_text(_main(made, certificate, key), encoding="utf-8")
    (folder / "etc" / "master.cf").write_text(_services(made), encoding="utf-8")


def _sasl(folder: Path, owner: int) -> None:
    """A database of one user, for PLAIN, LOGIN and CRAM-MD5."""
    name, _, realm = USER.partition("@")
    database = folder / "sasldb2"
    subprocess.run(
        ["saslpasswd2", "-p", "-c", "-f", database, "-u", realm, name], input=PASSWORD.encode(), check=True, timeout=60,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.chown(database, owner, -1)
    (folder / "etc" / "sasl" / "smtpd.conf").write_text(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN CRAM-MD5\n"
        f"sasldb_path: {database}\n", encoding="utf-8",
    )  # fmt: skip


def _main(made: Postfix, certificate: Path, key: Path) -> str:
    folder = made.folder
    return f"""
compatibility_level = 3.6
myhostname = {NAME}
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ qa@example.com=inbox/, crm-test@example.com=inbox/ }}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
message_size_limit = {SIZE}
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain =
smtpd_sasl_security_options = noanonymous
cyrus_sasl_config_path = {folder}/etc/sasl
smtpd_delay_reject = no
smtpd_error_sleep_time = 0
smtpd_sender_restrictions = check_sender_access inline:{{ not-me@example.com=REJECT }}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
"""


def _services(made: Postfix) -> str:
    login = "-o smtpd_sasl_auth_enable=yes"
    ports = made.ports
    policy = f"-o {{ smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{made.greylist.port} }}"
    lines = [
        f"127.0.0.1:{ports['submission']} inet n - n - - smtpd {login} -o smtpd_tls_security_level=encrypt",
        f"127.0.0.1:{ports['smtps']} inet n - n - - smtpd {login} -o smtpd_tls_wrappermode=yes",
        f"127.0.0.1:{ports['relay']} inet n - n - - smtpd",
        f"127.0.0.1:{ports['greylisting']} inet n - n - - smtpd {policy}",
        "postlog unix-dgram n - n - 1 postlogd",
    ]
    kinds = dict.fromkeys(("cleanup", "bounce", "defer", "trace"), "unix n - n - 0")
    kinds |= {"virtual": "unix - n n - -", "tlsmgr": "unix - - n 1000? 1"}
    kinds |= dict.fromkeys(("anvil", "scache"), "unix - - n - 1")
    for name, command in (
        ("cleanup", "cleanup"), ("rewrite", "trivial-rewrite"), ("bounce", "bounce"), ("defer", "bounce"),
        ("trace", "bounce"), ("proxymap", "proxymap"), ("error", "error"), ("retry", "error"), ("discard", "discard"),
        ("virtual", "virtual"), ("anvil", "anvil"), ("tlsmgr", "tlsmgr"), ("scache", "scache"),
    ):  # fmt: skip
        lines.append(f"{name} {kinds.get(name, 'unix - - n - -')} {command}")
    lines.append("qmgr unix n - n 300 1 qmgr")
    return "\n".join(lines) + "\n"


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
