"""The works that are measured, each beside its peer: validate, plan, apply, memory, help.

Not here: measuring (``running``), what the files look like (``corpus``), the emulator's part (``platform_runs``).
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks import corpus, peers
from benchmarks.running import Side, once

STAGEMAIL = [str(Path(sys.executable).with_name("stagemail"))]
ROOT = Path(__file__).parents[1]
_round = count(1)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything is generated."""

    work: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of every process: nothing of this user's, bytecode kept, no telephoning home."""
        plugin = ROOT / "benchmarks" / "platform"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work / "home"),
            "LANG": "C.UTF-8",
            "PYTHONPYCACHEPREFIX": str(self.work / "bytecode"),
            "PYTHONPATH": str(plugin),
            "CHECKPOINT_DISABLE": "1",
            "STAGEMAIL_ODC_CLIENT_SECRET": "emulator-secret",
            "STAGEMAIL_HOOK": "webhook-key-of-the-benchmarks",
        }

    def ours(
        self, folder: Path, *arguments: str, cold: bool = False, ready: Callable[[], object] | None = None
    ) -> Side:
        """stagemail in a checkout. ``cold``: with an empty cache."""
        cache = self.work / "cache" / folder.name

        def prepare() -> None:
            if cold:
                shutil.rmtree(cache, ignore_errors=True)
            if ready is not None:
                ready()

        return Side([*STAGEMAIL, *arguments], folder, {**self.environment, "XDG_CACHE_HOME": str(cache)}, prepare)

    def peer(self, command: list[str], folder: Path, ready: Callable[[], object] = lambda: None) -> Side:
        """A peer in its folder."""
        environment = {name: value for name, value in self.environment.items() if name != "PYTHONPATH"}
        return Side(command, folder, environment, ready)


def validate(bench: Bench, files: int) -> Mapping[str, Side]:
    """Files of which none is known yet."""
    folder = corpus.repository(bench.work / f"validate-{files}", files)
    listed = sorted(str(path) for path in (folder / "environments").rglob("*.yaml"))
    schema = str(ROOT / "schemas" / "stagemail.schema.json")
    command = [peers.program("check-jsonschema", "check-jsonschema"), "--schemafile", schema, *listed]
    return {"ours": bench.ours(folder, "validate", cold=True), "check-jsonschema": bench.peer(command, folder)}


def plan(bench: Bench, files: int) -> Mapping[str, Side]:
    """Plan with nothing to do, then with 1 % changed, then with the tree unchanged; peers with and without changes.

    Terraform's state is written as an apply would leave it, because applying a thousand blocks takes minutes.
    """
    idle = corpus.repository(bench.work / f"plan-{files}", files)
    changing = corpus.repository(bench.work / f"changing-{files}", files)
    once(bench.ours(idle, "apply"))
    once(bench.ours(changing, "apply"))
    same = settled(bench, files)
    zones = corpus.zones(bench.work / "zones", files * 10, 100)
    blocks = corpus.blocks(blocks_of(bench, files), files)
    once(bench.peer(peers.terraform(blocks, "init"), blocks))
    corpus.applied_blocks(blocks, _one_block(bench), files)
    sync = [peers.program("octodns", "octodns-sync"), "--config-file", str(zones / "config.yaml"), "--quiet"]
    terraform = peers.terraform(blocks, "plan")
    return {
        "ours": bench.ours(idle, "plan", cold=True),
        "ours, 1 %": bench.ours(changing, "plan", ready=lambda: corpus.change(changing, 0.01, next(_round))),
        "ours, unchanged": bench.ours(same, "plan", "--if-changed"),
        "octoDNS": bench.peer(sync, zones, lambda: corpus.change_zones(zones, 0)),
        "octoDNS, 1 %": bench.peer([*sync, "--force"], zones, lambda: corpus.change_zones(zones, next(_round))),
        "Terraform": bench.peer(terraform, blocks, lambda: corpus.change_blocks(blocks, 0)),
        "Terraform, 1 %": bench.peer(terraform, blocks, lambda: corpus.change_blocks(blocks, next(_round))),
    }


def _one_block(bench: Bench) -> str:
    """Terraform's own state after it has applied one block."""
    terraform_init(bench, 1)
    once(terraform_apply(bench, 1))
    return (blocks_of(bench, 1) / "terraform.tfstate").read_text(encoding="utf-8")


def blocks_of(bench: Bench, count: int) -> Path:
    """Where so many of Terraform's blocks are."""
    return bench.work / f"blocks-{count}"


def terraform_init(bench: Bench, count: int) -> None:
    """Generate blocks that were never applied."""
    folder = corpus.blocks(blocks_of(bench, count), count)
    once(bench.peer(peers.terraform(folder, "init"), folder))


def terraform_apply(bench: Bench, count: int) -> Side:
    """Apply all blocks to nothing."""
    folder = blocks_of(bench, count)
    state = folder / "terraform.tfstate"
    command = peers.terraform(folder, "apply", "-auto-approve")
    return bench.peer(command, folder, lambda: state.unlink(missing_ok=True))


def settled(bench: Bench, files: int) -> Path:
    """A checkout whose stage is as Git wants it, by a run that is noted."""
    folder = corpus.repository(bench.work / f"settled-{files}", files)
    once(bench.ours(folder, "apply"))
    return folder


def flat(bench: Bench, sizes: tuple[int, ...]) -> Mapping[str, Side]:
    """The tree unchanged, at several sizes."""
    return {str(files): bench.ours(settled(bench, files), "plan", "--if-changed") for files in sizes}


def memory(bench: Bench, members: int) -> Side:
    """10,000 bindings in 100 files, each with a list of so many members, and all of them in the record."""
    folder = corpus.repository(bench.work / "memory", 100, per_file=100, size=members)
    once(bench.ours(folder, "apply", cold=True))
    return bench.ours(folder, "plan")


def help_(bench: Bench) -> Mapping[str, Side]:
    """What comes before anything."""
    return {
        "ours": bench.ours(bench.work, "--help"),
        "octoDNS": bench.peer([peers.program("octodns", "octodns-sync"), "--help"], bench.work),
    }
