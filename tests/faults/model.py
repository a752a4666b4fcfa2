"""What the platform must have: Git's wish as the deeds made it, and the ledger replayed to find what was sent twice.

Not here: doing anything (``deeds``).
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.bench import Bench

STAGES = {"development": "Development", "qa": "QA", "production": "Production"}
SEEN = {"Development": "CRM", "QA": "Portal", "Production": "CRM"}
"""An app of each stage through which the stage's settings are seen to be live."""


@dataclass
class Model:
    """``wanted``: by stage as the platform calls it, the live value of each field that the deeds change."""

    bench: Bench
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    disturbances: list[tuple[int, str, str]] = field(default_factory=list)
    """Where the ledger was when somebody else changed a stage or one of its apps ("" for the stage), and which."""

    def disturbed(self, stage: str, app: str = "") -> None:
        """Somebody else changed this now."""
        self.disturbances.append((self.bench.mark(), stage, app))

    def live(self, stage: str) -> dict[str, str | None]:
        """What an app of the stage runs with."""
        return self.bench.platform.live(stage, SEEN[stage])

    def differences(self) -> list[str]:
        """What is not live as Git wants it, in words."""
        found = []
        for stage, fields in sorted(self.wanted.items()):
            live = self.live(stage)
            found += [
                f"{stage} {name}: {live[name]} is not {value}" for name, value in fields.items() if live[name] != value
            ]
        crm = self.bench.platform.live("QA", "CRM")
        found += ["QA CRM: mail reaches people"] if crm["testListActive"] != "True" else []
        for stage, value in self.secrets.items():
            if not self.bench.platform.secret_equals(stage, "password", value, SEEN[stage]):
                found.append(f"{stage}: another password")
        return found

    def needless(self) -> list[str]:
        """Writes that the platform had already, and operations without a write since the last, in words.

        A secret may be sent once more after an answer that was lost; an operation after one that failed.
        """
        return [*self._writes(), *self._operations()]

    def _writes(self) -> list[str]:
        found = []
        have: dict[tuple[str, str, str], Any] = {}
        for number, row in self._rows():
            place = (row["stage"], row["app"] or "")
            for at, stage, app in self.disturbances:
                if at <= number + 1 and (stage, app) == place:
                    have = {key: value for key, value in have.items() if key[:2] != place}
            if row["method"] != "PATCH":
                continue
            given = {(*place, value["field"] or value["key"]): value for value in row["values"]}
            plain = {key: value["value"] for key, value in given.items() if "value" in value}
            if len(plain) == len(given) and all(have.get(key, self) == value for key, value in plain.items()):
                found.append(f"row {number}: PATCH {'/'.join(place)} sent what it had: {plain}")
            self.disturbances = [d for d in self.disturbances if not (d[0] < number and (d[1], d[2]) == place)]
            have |= plain
        return found

    def _operations(self) -> list[str]:
        found = []
        fresh: dict[tuple[str, str], bool] = defaultdict(bool)
        for number, row in self._rows():
            stage, app = row["stage"], row["app"] or ""
            if row["method"] == "PATCH":
                for other in {key[1] for key in fresh if key[0] == stage} | {app}:
                    if app in ("", other):
                        fresh[stage, other] = True
            elif row["effect"].startswith("operation"):
                known = (stage, app) in fresh
                if known and not fresh[stage, app] and not self._touched(number, stage):
                    found.append(f"row {number}: ApplyConfigs {stage}/{app} again without a write")
                fresh[stage, app] = row["fault"] == "apply-error"
        return found

    def _touched(self, number: int, stage: str) -> bool:
        return any(name == stage and at <= number + 1 for at, name, _ in self.disturbances)

    def _rows(self) -> list[tuple[int, dict[str, Any]]]:
        rows = enumerate(self.bench.platform.ledger())
        return [(n, row) for n, row in rows if row["effect"] != "none"]
