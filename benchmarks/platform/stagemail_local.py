"""A target whose platform is a JSON file: what octoDNS's YAML provider and Terraform's local state are to them.

With it a whole ``stagemail plan`` runs without a network. It is found by its entry point, as any plugin is.
Not here: writing; platforms (``stagemail.target``).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from stagemail.errors import ReadOnly
from stagemail.model import email
from stagemail.model.inventory import App, Inventory, StageIdentity
from stagemail.model.key import BINDING, CONFIGURATION, Key
from stagemail.model.run import Operation, Outcome
from stagemail.model.secret import Secret
from stagemail.model.snapshot import Capabilities, Desired, Observed, ObservedField, ObservedResource
from stagemail.model.step import Step
from stagemail.ports import Check
from stagemail.target.canonical import same

_APP = (email.RECIPIENTS_MODE, email.TEST_LIST)
_CAN = Capabilities(
    support={
        CONFIGURATION: {name: "sets" for name in email.SPECS if name not in _APP},
        BINDING: dict.fromkeys(_APP, "sets"),
    }
)


class LocalTarget:
    """Reads the file once and shows what is in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, desired: Desired) -> Check:  # noqa: ARG002 - nothing is refused
        """Everything can be set."""
        return Check(_CAN, same=same)

    def inventory(self, stage: str) -> Inventory:
        """The stage and its apps."""
        apps = self._document[stage]["apps"]
        found = (App(app["name"], key, "WebApplication", 1, bindable=True) for key, app in apps.items())
        return Inventory(self._identity(stage), tuple(sorted(found)))

    def observe(self, stage: str, keys: Sequence[Key]) -> Observed:
        """What the file says of each."""
        return Observed(stage, self._identity(stage), tuple(self._resources(stage, keys)))

    def stamp(self, stage: str) -> str:  # noqa: ARG002 - one file for all stages
        """The file is the platform: its digest tells."""
        return hashlib.sha256(self._path.read_bytes()).hexdigest()

    def begin(self, step: Step, secrets: Mapping[str, Secret]) -> Operation:  # noqa: ARG002 - the port's signature
        """Nothing is ever written. Raises ReadOnly."""
        raise ReadOnly(f"{step.label}: the file of this benchmark is not written")

    def poll(self, operations: Sequence[Operation]) -> Mapping[Operation, Outcome | None]:
        """Nothing ever runs."""
        return dict.fromkeys(operations)

    @cached_property
    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return document

    def _identity(self, stage: str) -> StageIdentity:
        return StageIdentity(self._document[stage]["key"], stage, "")

    def _resources(self, stage: str, keys: Sequence[Key]) -> Iterable[ObservedResource]:
        found = self._document[stage]
        for key in keys:
            own = found if key.kind == CONFIGURATION else found["apps"][key.id]
            fields = {}
            for name, value in own["values"].items():
                shown = tuple(value) if isinstance(value, list) else value
                fields[name] = ObservedField(shown, shown)
            yield ObservedResource(key, own["name"], fields)


class LocalPlugin:
    """The target, and what builds it."""

    runtime = "stagemail_local:PLUGIN"

    @property
    def settings(self) -> Any:
        """The model of its settings, which an operator file that was judged before does not need."""
        return import_module("stagemail_local_settings").LocalSettings

    def scope(self, settings: Any) -> str:
        """One file is one organization."""
        return f"local:{settings.file}"

    def files(self, settled: Any) -> tuple[Path, ...]:  # noqa: ARG002 - the plugin's signature
        """No file beside the operator file decides anything."""
        return ()

    def check(self, settled: Any) -> Callable[[Desired], Check]:
        """Everything can be set."""
        return self._target(settled).check

    def build(self, context: Any) -> LocalTarget:
        """The platform as the file has it."""
        return self._target(context.settled)

    def _target(self, settled: Any) -> LocalTarget:
        return LocalTarget(Path(settled.base) / settled.settings.file)


PLUGIN = LocalPlugin()
