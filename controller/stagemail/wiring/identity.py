"""Who we are: the person behind a run, and this process as the holder of a lease.

Not here: what a lease is (``record``).
"""

import getpass
import os
import re
import socket
from pathlib import Path

_OWNER = re.compile(r".*@(?P<host>[^ ]+) pid (?P<pid>[0-9]+) begun (?P<begun>[0-9]*) in (?P<world>[0-9]*)", re.DOTALL)


def actor() -> str:
    """Who runs this: CI's name of the person where CI tells, else the login name."""
    for variable in ("STAGEMAIL_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if os.environ.get(variable):
            return os.environ[variable]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def vantage() -> str:
    """From where a check sees the world: the CI service where one runs us, else this machine."""
    for variable, service in (("GITHUB_ACTIONS", "a GitHub Actions runner"), ("GITLAB_CI", "a GitLab runner")):
        if os.environ.get(variable):
            return f"{service} ({socket.gethostname()})"
    return f"this machine ({socket.gethostname()})"


def owner() -> str:
    """This process: person, host, process id, and when the kernel began it, so that a reused id is another one."""
    return f"{actor()}@{socket.gethostname()} pid {os.getpid()} begun {_begun(os.getpid())} in {_world()}"


def is_gone(other: str) -> bool:
    """Whether a process of this host has ended; False for other hosts, and wherever it cannot be seen.

    A run that was killed holds its lease until it runs out; on its own host the next run need not wait for that.
    """
    found = _OWNER.fullmatch(other)
    if found is None or not found["begun"] or (found["host"], found["world"]) != (socket.gethostname(), _world()):
        return False
    return _begun(int(found["pid"])) != found["begun"]


def _world() -> str:
    """This process's PID namespace: in another container of the same host name, process ids mean other processes."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _begun(pid: int) -> str:
    """The start time of a process in clock ticks since boot (proc(5), field 22); "" where there is none.

    A zombie has ended: nobody has asked for its exit code yet.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if len(fields) < 20 or fields[0] in "ZX" else fields[19]
