"""Waiver: accepts one hazard, for exactly one value.

Not here: what a hazard is and which ones hold (``planning``, the operator file's guards).
"""

from typing import Annotated, Literal

from pydantic import WithJsonSchema

from stagemail.model.step import HazardKind
from stagemail.resources.app_binding import Selectors
from stagemail.resources.shape import Document, Metadata, Shape, rule
from stagemail.resources.stages import METADATA, METADATA_SOURCE, STAGES, STAGES_SOURCE, StageNames
from stagemail.resources.text import LINE_PATTERN, DateText, Line

Accepted = Annotated[
    Line | int,
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 500, "pattern": LINE_PATTERN}),
]
"""A value as a plan prints it; plain YAML reads ``to: 25`` as a number, and people mean the same by it."""

_WAIVER = "stagemail design: a waiver accepts one hazard, for exactly this value"


class WaiverSpec(Shape):
    """What is accepted, and why."""

    stages: StageNames | None = rule(STAGES, example=["qa"], source=STAGES_SOURCE, default=None)
    allow: HazardKind = rule("The hazard that is accepted.", example="recipients-widened", source=_WAIVER)
    apps: Selectors | None = rule(
        "The apps it is accepted for; left out: the stage's own settings. For recipients-widened no pattern.",
        example=["CRM"],
        source=_WAIVER,
        default=None,
    )
    to: Accepted = rule("The value that is accepted, as the held step prints it.", example="set-in-app", source=_WAIVER)
    reason: Line = rule(
        "Why: a change number, a name, a sentence.", example="CHG-1234 pilot with five customers", source=_WAIVER
    )
    expires: DateText | None = rule(
        "From this day on the waiver is reported as expired. It never acts by itself.",
        example="2026-12-31",
        source=_WAIVER,
        default=None,
    )


class Waiver(Document):
    """Accepts one hazard, for exactly one value."""

    kind: Literal["Waiver"] = rule("This kind.", example="Waiver", source=_WAIVER)
    metadata: Metadata = rule(METADATA, example={"name": "crm-pilot"}, source=METADATA_SOURCE)
    spec: WaiverSpec = rule(
        "What is accepted, and why.",
        example={"allow": "recipients-widened", "apps": ["CRM"], "to": "set-in-app", "reason": "CHG-1234"},
        source=_WAIVER,
    )
