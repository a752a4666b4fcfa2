"""Plans as JSON: what ``plan --out`` writes and ``apply`` reads back, exactly as it was.

The digest shows that a file was changed by accident; whoever applies it plans again and compares, which is what keeps
an edited file from being applied. Not here: files, and applying.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from stagemail.errors import InvalidInput, StagemailError
from stagemail.model.plan import Plan
from stagemail.report.codec import decode, encode
from stagemail.report.envelope import digest, envelope, opened
from stagemail.report.failure import failures_of
from stagemail.report.summary import summary_of

KIND = "plan-report"
AGAIN = "make the plan again: stagemail plan --out"


def plans_json(plans: Iterable[Plan], errors: Mapping[str, StagemailError] = MappingProxyType({})) -> str:
    """Plans as one JSON document (``schemas/plan-report.schema.json``). Equal plans give equal bytes.

    ``errors``: what stopped stages that could not be planned, by stage.
    """
    listed = tuple(plans)
    summaries = tuple(map(summary_of, listed))
    return envelope(
        KIND, digest=digest(encode(listed)), summaries=summaries, failures=failures_of(errors), plans=listed
    )


def plans_from_json(text: str) -> tuple[Plan, ...]:
    """The plans that ``plans_json`` was given. Raises InvalidInput where the text is anything else."""
    data = opened(text, KIND)
    plans = data.get("plans")
    if data.get("digest") != digest(plans):
        raise InvalidInput("this plan was changed after it was made: its digest does not fit", hint=AGAIN)
    try:
        found: tuple[Plan, ...] = decode(tuple[Plan, ...], plans, "/plans")
    except InvalidInput as error:
        raise InvalidInput(f"this plan cannot be read: {error.message}", hint=AGAIN) from None
    return found


def plan_from_json(text: str) -> Plan:
    """The one plan of a document. Raises InvalidInput where there is none or more than one."""
    plans = plans_from_json(text)
    if len(plans) != 1:
        raise InvalidInput(f"a document with one plan is wanted and this one holds {len(plans)}", hint=AGAIN)
    return plans[0]
