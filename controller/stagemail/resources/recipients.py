"""Who gets the mail of a stage or of an app: the people the app chose, or a test list instead of them.

Not here: who wins where both a configuration and a binding say so (``planning``).
"""

from typing import Annotated, Literal

from pydantic import Field

from stagemail.model.email import SET_IN_APP, TEST_LIST_MODE
from stagemail.resources.shape import Shape, Unique, rule
from stagemail.resources.text import Address, DisplayName

_RECIPIENTS = "ODC docs: email configuration, recipients “Set in app” or “Test List”"


class Mailbox(Shape):
    """One person or team that can get mail."""

    name: DisplayName | None = rule("The display name.", example="QA team", source="RFC 5322 section 3.4", default=None)
    address: Address = rule(
        "The mail address, without the name.", example="qa@example.com", source="RFC 5321 section 4.1.2"
    )


class SetInApp(Shape):
    """Mail goes to the people that the app chose: real people."""

    mode: Literal["set-in-app"] = rule("Recipients are set in the app.", example=SET_IN_APP, source=_RECIPIENTS)


class TestList(Shape):
    """All mail goes to the listed people instead of those that the app chose."""

    __test__ = False

    mode: Literal["test-list"] = rule("All mail goes to the test list.", example=TEST_LIST_MODE, source=_RECIPIENTS)
    test_list: Annotated[list[Mailbox], Field(min_length=1, max_length=500), Unique()] = rule(
        "The people who get all mail, at least one.",
        example=[{"name": "QA team", "address": "qa@example.com"}],
        source=_RECIPIENTS,
    )


Recipients = Annotated[SetInApp | TestList, Field(discriminator="mode")]
