"""Generates what is worked on: the same number of files of about 40 lines for us and for each peer.

Not here: running anything (``works``), installing peers (``peers``).
"""

import json
import shutil
import subprocess
from pathlib import Path

MEMBERS = 15
"""Members of an app's test list: with them a file has 40 lines."""
_OPERATOR = """apiVersion: stagemail/v1
kind: Operator
source: {path: environments}
state: sqlite:///stagemail.db
targets:
  platform: TARGET
stages:
  qa: {target: platform, environment: Stage01, purpose: non-production, folders: [environments/qa]}
secretStores:
  env: {type: env, prefix: STAGEMAIL_}
ownDomains: [example.com]
guards: {non-production: {massChange: {absolute: 100000, relative: 100%}}}
"""
LOCAL = "{type: local, file: platform.json}"
_EMAIL = """apiVersion: stagemail/v1
kind: EmailConfiguration
metadata: {name: relay}
spec:
  server: {host: smtp.example.com, port: 587}
  sender: {name: Bench, address: no-reply@example.com}
  recipients: {mode: test-list, testList: [{name: Team, address: team@example.com}]}
"""


def members(number: int, changed: int = 0, size: int = MEMBERS) -> list[tuple[str, str]]:
    """Names and addresses of an app's test list. ``changed`` makes it another one."""
    return [(f"Tester {n:02}", f"tester-{n:02}-{changed}.app{number:05}@example.com") for n in range(size)]


def binding(number: int, changed: int = 0, size: int = MEMBERS) -> str:
    """The document of one app: 40 lines, unless its list has another size."""
    lines = [
        f"# The test list of App{number:04}.",
        "apiVersion: stagemail/v1",
        "kind: AppBinding",
        "metadata:",
        f"  name: app-{number:05}",
        "spec:",
        f"  apps: [App{number:04}]",
        "  recipients:",
        "    mode: test-list",
        "    testList:",
    ]
    for name, address in members(number, changed, size):
        lines += [f"      - name: {name}", f"        address: {address}"]
    return "\n".join(lines) + "\n"


def repository(folder: Path, files: int, target: str = LOCAL, per_file: int = 1, size: int = MEMBERS) -> Path:
    """A Git repository with ``files`` files of ``per_file`` bindings each, and the platform file that equals them."""
    shutil.rmtree(folder, ignore_errors=True)
    stage = folder / "environments" / "qa"
    stage.mkdir(parents=True)
    (folder / "stagemail.yaml").write_text(_OPERATOR.replace("TARGET", target), encoding="utf-8")
    (folder / ".gitignore").write_text("stagemail.db*\nplatform.json\n", encoding="utf-8")
    (stage / "email.yaml").write_text(_EMAIL, encoding="utf-8")
    for file in range(files):
        documents = [binding(number, 0, size) for number in range(file * per_file + 1, (file + 1) * per_file + 1)]
        (stage / f"app-{file + 1:05}.yaml").write_text("---\n".join(documents), encoding="utf-8")
    (folder / "platform.json").write_text(json.dumps(_platform(files * per_file, size)), encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "Describe every app")
    return folder


def change(folder: Path, share: float, round_: int) -> None:
    """Change this share of the files, and commit it."""
    files = sorted((folder / "environments" / "qa").glob("app-*.yaml"))
    for path in files[: max(1, int(len(files) * share))]:
        number = int(path.stem.removeprefix("app-"))
        path.write_text(binding(number, round_), encoding="utf-8")
    commit(folder, f"Change the lists of some apps, {round_}")


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "-m", message)


def git(folder: Path, *arguments: str) -> None:
    """Run git, without the settings of this machine."""
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(folder)}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, timeout=120)


def _platform(apps: int, size: int) -> dict[str, object]:
    configuration = {
        "server.host": "smtp.example.com",
        "server.port": 587,
        "server.security": "starttls",
        "authentication.type": "none",
        "sender.name": "Bench",
        "sender.address": "no-reply@example.com",
    }
    bound = {
        f"key-{number:05}": {
            "name": f"App{number:04}",
            "values": {
                "recipients.mode": "test-list",
                "recipients.testList": [f"{name} <{address}>" for name, address in members(number, 0, size)],
            },
        }
        for number in range(1, apps + 1)
    }
    return {"qa": {"key": "environment-qa", "name": "qa", "values": configuration, "apps": bound}}


def zones(folder: Path, records: int, per_zone: int) -> Path:
    """octoDNS's records in zones; source and target are two folders with equal files. About 115 bytes a record."""
    shutil.rmtree(folder, ignore_errors=True)
    for side in ("source", "target"):
        (folder / side).mkdir(parents=True)
    names = [f"zone{number:05}.example.com." for number in range(records // per_zone)]
    for name in names:
        for side in ("source", "target"):
            (folder / side / f"{name}yaml").write_text(zone(per_zone), encoding="utf-8")
    listed = "".join(f"  {name}:\n    sources: [source]\n    targets: [target]\n" for name in names)
    provider = "  {0}: {{class: octodns.provider.yaml.YamlProvider, directory: {1}, default_ttl: 300}}\n"
    providers = "".join(provider.format(side, folder / side) for side in ("source", "target"))
    (folder / "config.yaml").write_text(f"providers:\n{providers}zones:\n{listed}", encoding="utf-8")
    return folder


def change_zones(folder: Path, round_: int) -> None:
    """Change 1 % of the source's zones; round 0: back to what the target has."""
    zones = sorted((folder / "source").iterdir())
    for path in zones[: max(1, len(zones) // 100)]:
        path.write_text(zone(100, round_), encoding="utf-8")


def applied_blocks(folder: Path, one: str, count: int) -> None:
    """The state after applying so many blocks, from Terraform's own state after applying the first."""
    state = json.loads(one)
    first = json.dumps(state["resources"][0])
    id_ = state["resources"][0]["instances"][0]["attributes"]["id"]
    state["resources"] = [
        json.loads(
            first.replace("app_00001", f"app_{number:05}")
            .replace("App0001", f"App{number:04}")
            .replace("app00001", f"app{number:05}")
            .replace(id_, f"{id_[:-5]}{number:05}")
        )
        for number in range(1, count + 1)
    ]
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")


def change_blocks(folder: Path, round_: int) -> None:
    """Change 1 % of the blocks; round 0: back to what was applied."""
    for number in range(1, max(1, len(list(folder.glob("app-*.tf"))) // 100) + 1):
        (folder / f"app-{number:05}.tf").write_text(block(number, round_), encoding="utf-8")


def zone(records: int, changed: int = 0) -> str:
    """One zone: four lines a record."""
    body = "".join(
        f"record-{n:05}:\n  ttl: 300\n  type: TXT\n"
        f"  value: tester {n:05} {changed} of the test list reads what {'x' * 38}\n"
        for n in range(records)
    )
    return f"---\n{body}"


def blocks(folder: Path, count: int) -> Path:
    """Terraform's blocks, one in each file of 40 lines."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        (folder / f"app-{number:05}.tf").write_text(block(number), encoding="utf-8")
    return folder


def block(number: int, changed: int = 0) -> str:
    """One terraform_data block with the content of one of our files."""
    lines = [
        f"# The test list of App{number:04}.",
        f'resource "terraform_data" "app_{number:05}" {{',
        "  input = {",
        f'    app  = "App{number:04}"',
        '    mode = "test-list"',
        "    list = [",
    ]
    for name, address in members(number, changed):
        lines += [f'      {{ name = "{name}",', f'        address = "{address}" }},']
    return "\n".join([*lines, "    ]", "  }", "}"]) + "\n"
