"""Build the container and let it work: ``make container`` (needs buildah and bubblewrap; as root).

The base image is pulled; where its registry cannot be reached, Debian itself stands in for it (debootstrap), with its
own Python. Then the image's controller follows a repository against the emulator as the manifests have it: user 10001,
no capabilities, nothing writable but its two folders and /tmp. Not part of ``make test``: it downloads some 300 MB.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from odc_emulator.seed import generated_seed
from odc_emulator.server import EmulatorServer

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.13-slim-bookworm"
IMAGE = "localhost/stagemail:tried"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
USER = 10001
LONGEST = 60.0
_OPERATOR = """apiVersion: stagemail/v1
kind: Operator
source: {url: "file:///repository", branch: main}
web: {listen: "127.0.0.1:0"}
state: "sqlite:///FOLDER/stagemail.db"
ownDomains: [example.com]
secretStores: {env: {type: env, prefix: STAGEMAIL_}}
targets:
  odc: {type: odc, domain: "URL", mapping: odc-mapping.yaml, credentials: {clientId: stagemail-ci, clientSecret:
    {secretRef: {store: env, key: ODC_CLIENT_SECRET}}}}
stages: {dev: {target: odc, environment: Development, purpose: non-production, sync: {automated: true}}}
"""
_EMAIL = """apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  stages: [dev]
  server: {host: smtp.example.com, port: 587, security: starttls}
  sender: {address: no-reply@example.com}
  recipients: {mode: test-list, testList: [{address: qa@example.com}]}
---
apiVersion: stagemail/v1
kind: AppBinding
metadata: {name: all}
spec:
  stages: [dev]
  configuration: relay
  apps: ["*"]
"""


def main() -> int:
    """Build, run, say what was seen; 1 where it does not work."""
    with tempfile.TemporaryDirectory() as name:
        _base(Path(name))
        build = [*_isolated("bud"), "--pull-never", "-f", "deploy/container/Containerfile", "-t", IMAGE]
        _run(*build, *_passed_on(), str(ROOT))
        with _mounted() as root:
            folder = Path(name) / "run"
            folder.mkdir(mode=0o755)
            Path(name).chmod(0o755)
            return _tried(root, folder)


def _base(folder: Path) -> None:
    """Have the base image: what is there, the real one, or Debian in its place."""
    here = subprocess.run(["buildah", "inspect", "--type", "image", BASE], capture_output=True, check=False)
    if here.returncode == 0 or subprocess.run(["buildah", "pull", "-q", BASE], check=False).returncode == 0:
        return
    sys.stdout.write(f"{BASE} cannot be pulled: Debian bookworm stands in for it\n")
    root = folder / "root"
    _run("debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", "bookworm", str(root))
    shutil.copy(f"/{CERTIFICATES}", root / CERTIFICATES)
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    made = _run("buildah", "from", "scratch")
    _run("buildah", "add", "-q", made, str(root), "/")
    _run("buildah", "commit", "-q", "--rm", made, BASE)


def _isolated(verb: str) -> list[str]:
    return ["buildah", verb, "--isolation", "chroot", "--network", "host"]


def _passed_on() -> list[str]:
    """How pip of this machine finds its packages."""
    return [part for name in ("PIP_CERT", "PIP_INDEX_URL") if name in os.environ for part in ("--env", name)]


@contextmanager
def _mounted() -> Iterator[Path]:
    made = _run("buildah", "from", "--pull-never", IMAGE)
    try:
        yield Path(_run("buildah", "mount", made))
    finally:
        _run("buildah", "rm", made)


def _tried(root: Path, folder: Path) -> int:
    with EmulatorServer("symbol-live", seed=generated_seed(3, 2)) as emulator:
        _prepared(folder, emulator.url)
        inside = [*_sandbox(root, folder), "stagemail", "--config", "/etc/stagemail/stagemail.yaml"]
        log = folder / "log"
        with log.open("wb") as out:
            running = subprocess.Popen([*inside, "controller", "--log-format", "json"], stdout=out, stderr=out)
        try:
            until = time.monotonic() + LONGEST
            while '"ready": "True' not in log.read_text() and running.poll() is None and time.monotonic() < until:
                time.sleep(0.5)
            status = subprocess.run([*inside, "status"], capture_output=True, text=True, check=False)
        finally:
            subprocess.run(["pkill", "-TERM", "-u", str(USER), "-f", "stagemail .*controller"], check=False)
            code = running.wait(30)
    sys.stdout.write(f"{log.read_text()}{status.stdout}{status.stderr}ended with {code}\n")
    return 0 if (status.returncode, code) == (0, 0) else 1


def _prepared(folder: Path, url: str) -> None:
    """The operator file, its mapping, a repository, and the two folders that are kept."""
    for name in ("etc", "state", "cache", "tmp", "repository/environments/dev"):
        (folder / name).mkdir(parents=True)
    operator = folder / "etc" / "stagemail.yaml"
    environment = {**os.environ, "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret"}
    operator.write_text(_OPERATOR.replace("URL", url).replace("FOLDER", str(folder / "state")))
    discover = [sys.executable, "-m", "stagemail", "--config", str(operator), "target", "discover", "--write"]
    subprocess.run(discover, env=environment, check=True, capture_output=True)
    operator.write_text(_OPERATOR.replace("URL", url).replace("FOLDER", "/var/lib/stagemail"))
    repository = folder / "repository"
    (repository / "environments" / "dev" / "email.yaml").write_text(_EMAIL)
    _run("git", "init", "-q", "-b", "main", str(repository))
    _run("git", "-C", str(repository), "add", ".")
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    _run("git", *person, "-C", str(repository), "commit", "-q", "-m", "Describe dev")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER)


def _sandbox(root: Path, folder: Path) -> list[str]:
    """The image as a container engine would run it."""
    for name in ("etc/stagemail", "repository"):
        (root / name).mkdir(exist_ok=True)  # as an engine does for what it mounts
    variables = {
        "PATH": "/usr/local/lib/stagemail/bin:/usr/local/bin:/usr/bin:/bin", "HOME": "/var/lib/stagemail",
        "XDG_CACHE_HOME": "/var/cache/stagemail", "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret",
    }  # fmt: skip
    mounts = {"state": "/var/lib/stagemail", "cache": "/var/cache/stagemail", "tmp": "/tmp"}
    read = {"etc": "/etc/stagemail", "repository": "/repository"}
    command = ["bwrap", "--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--cap-add", "ALL"]
    command += ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--clearenv"]
    command += [part for name, value in variables.items() for part in ("--setenv", name, value)]
    command += [part for name, at in mounts.items() for part in ("--bind", str(folder / name), at)]
    command += [part for name, at in read.items() for part in ("--ro-bind", str(folder / name), at)]
    identity = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs"]
    return [*command, "--chdir", "/var/lib/stagemail", *identity, "--inh-caps=-all", "--bounding-set=-all"]


def _run(*command: str) -> str:
    sys.stdout.write(f"$ {' '.join(command[:4])} …\n")
    sys.stdout.flush()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


if __name__ == "__main__":
    sys.exit(main())
