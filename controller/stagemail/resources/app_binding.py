"""AppBinding: apps whose recipients stagemail manages and in which it proves the stage's settings to be live.

Not here: which deployed app a name or pattern means (``planning``, with the inventory).
"""

from typing import Annotated, Literal

from pydantic import Field

from stagemail.resources.recipients import Recipients
from stagemail.resources.shape import Document, Metadata, Shape, Unique, rule
from stagemail.resources.stages import METADATA, METADATA_SOURCE, STAGES, STAGES_SOURCE, StageNames
from stagemail.resources.text import AppText, Name

_BINDING = "stagemail design: an app takes the configuration of its own stage"
Selectors = Annotated[list[AppText], Field(min_length=1, max_length=1000), Unique()]


class AppBindingSpec(Shape):
    """Which apps, and who gets their mail."""

    stages: StageNames | None = rule(STAGES, example=["qa"], source=STAGES_SOURCE, default=None)
    configuration: Name | None = rule(
        "The name of the stage's configuration; an error unless it is this stage's. Left out: the stage's own.",
        example="corporate-relay",
        source=_BINDING,
        default=None,
    )
    apps: Selectors = rule(
        "Names or keys of apps, or patterns in which only * and ? are special. An exact name beats a pattern.",
        example=["CRM", "Portal*"],
        source=_BINDING,
    )
    except_: Selectors | None = Field(
        default=None,
        alias="except",
        description="Apps that the patterns of `apps` shall not catch.",
        examples=[["PortalAdmin"]],
        json_schema_extra={"x-source": _BINDING},
    )
    recipients: Recipients | None = rule(
        "Who gets the mail of these apps; left out: as the stage's configuration says.",
        example={"mode": "test-list", "testList": [{"address": "crm-test@example.com"}]},
        source="ODC docs: the test list is kept per app and stage",
        default=None,
    )


class AppBinding(Document):
    """Binds apps to the configuration of their stage."""

    kind: Literal["AppBinding"] = rule("This kind.", example="AppBinding", source=_BINDING)
    metadata: Metadata = rule(METADATA, example={"name": "customer-apps"}, source=METADATA_SOURCE)
    spec: AppBindingSpec = rule("Which apps, and who gets their mail.", example={"apps": ["CRM"]}, source=_BINDING)
