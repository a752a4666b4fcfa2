"""What ``secrets rotate-key`` did: which secrets have a fingerprint by the new key, which are known by version only.

Not here: doing it (``reconcile.rekey``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stagemail.report.envelope import envelope
from stagemail.report.sheet import Sheet

KIND = "secrets-rekeyed"


@dataclass(frozen=True, slots=True, order=True)
class Rekeyed:
    """One secret on record. ``unknown`` says why its fingerprint could not be made again; "" where it could."""

    stage: str
    field: str
    ref: str
    version: str
    unknown: str = ""


def rekeyed_json(secrets: Sequence[Rekeyed]) -> str:
    """All secrets on record."""
    return envelope(KIND, secrets=tuple(secrets))


def rekeyed_text(secrets: Sequence[Rekeyed], *, width: int = 80, color: bool = False) -> str:
    """What is unverified now, and how many have a new fingerprint."""
    sheet = Sheet(width, color=color)
    unknown = [secret for secret in secrets if secret.unknown]
    for secret in unknown:
        version = f" (version {secret.version})" if secret.version else ""
        sheet.line(
            ("unverified from now on: ", "yellow"),
            (f"{secret.stage} {secret.field}", "bold"),
            f"  {secret.ref}{version}",
        )
        sheet.line(secret.unknown, indent=2, hang=4)
    if unknown:
        stages = ", ".join(sorted({secret.stage for secret in unknown}))
        sheet.line("→ ", f"`stagemail secrets push {stages.replace(', ', ' ')}` writes them again", indent=2, hang=4)
    count = len(secrets) - len(unknown)
    sheet.line((f"the key is changed: {count} of {len(secrets)} fingerprints made again", "bold"))
    return sheet.text()
