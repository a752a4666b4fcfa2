"""What is known for right at a glance is right for the schema, too; and it is what people usually write."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemail.source.plain_binding import is_plain_binding
from stagemail.source.schema import is_valid

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["a@b.de", "Ann.B+x@mail.example.com", "a@b", "@b.de", "a.@b.de", "a@-b.de", "App 1", "a-", "a" * 129]
    ),
    st.from_regex(r"[A-Za-z0-9_.+-]{1,12}@[a-z0-9.-]{1,12}", fullmatch=True),
    st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
)
MAILBOX = st.one_of(
    st.fixed_dictionaries({"address": TEXT}, optional={"name": TEXT}),
    st.dictionaries(st.sampled_from(["address", "name", "x"]), st.one_of(TEXT, st.integers(), st.none())),
)
LIST = st.lists(MAILBOX, max_size=4) | st.just([{"address": "a@b.de"}] * 2)
RECIPIENTS = st.one_of(
    st.fixed_dictionaries({"mode": st.just("test-list"), "testList": LIST}, optional={"x": TEXT}),
    st.fixed_dictionaries(
        {"mode": st.sampled_from(["set-in-app", "test-list", "none", 1])}, optional={"testList": LIST}
    ),
    TEXT,
)
SPEC = st.fixed_dictionaries(
    {"apps": st.lists(TEXT, max_size=3) | st.just(["A", "A"]) | TEXT},
    optional={"recipients": RECIPIENTS, "stages": st.just(["qa"]), "except": st.just(["B"]), "x": TEXT},
)
DOCUMENT = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["stagemail/v1", "stagemail/v1", "stagemail/v2"]),
        "kind": st.sampled_from(["AppBinding", "AppBinding", "Waiver"]),
        "metadata": st.fixed_dictionaries({"name": TEXT}, optional={"x": TEXT}),
        "spec": SPEC,
    },
    optional={"x": TEXT},
)


@given(value=st.one_of(DOCUMENT, st.none(), TEXT, st.lists(TEXT)))
def test_what_is_plain_is_valid(value: Any) -> None:
    assert not is_plain_binding(value) or is_valid(value)


def of(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "stagemail/v1", "kind": "AppBinding", "metadata": {"name": "crm"}, "spec": spec}


LISTED = {"mode": "test-list", "testList": [{"name": "QA team", "address": "qa@example.com"}, {"address": "b@c.de"}]}


@pytest.mark.parametrize(
    "value",
    [
        of(apps=["CRM", "Billing"]),
        of(apps=["CRM"], recipients=LISTED),
        of(apps=["C"], recipients={"mode": "set-in-app"}),
    ],
)
def test_what_people_usually_write_is_plain(value: Any) -> None:
    assert is_plain_binding(value)
    assert is_valid(value)


@pytest.mark.parametrize("other", [{"except": ["B"]}, {"stages": ["qa"]}, {"configuration": "relay"}])
def test_what_must_be_judged_with_other_documents_is_not(other: dict[str, Any]) -> None:
    assert not is_plain_binding(of(apps=["CRM"], **other))


def test_a_pattern_is_not_plain() -> None:
    assert not is_plain_binding(of(apps=["CRM*"]))
