"""A platform that fails: what was sent is found out by reading, nothing is sent twice, and the words say so."""

import pytest
from tests.acceptance.bench import Bench
from tests.acceptance.conftest import MakeBench

PORT = ("environments/qa/email.yaml", "port: 587", "port: 2587")
STAGE = "default-system-configurations"
OPERATIONS = "deployment-operations"


def finishes(bench: Bench) -> None:
    """The next run leaves nothing to do, and everything runs with the new port."""
    bench.platform.clear_faults()
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    assert {bench.platform.live("QA", app)["port"] for app in ("CRM", "Billing", "FieldApp")} == {"2587"}
    bench.run("plan", "qa", "--detailed-exitcode")


@pytest.mark.parametrize(  # the second profile tells how long to wait
    ("profile", "method"), [("guid-pending", "GET"), ("guid-pending", "POST"), ("transport-security", "PATCH")]
)
def test_a_limit_that_is_used_up_is_waited_for(make_bench: MakeBench, profile: str, method: str) -> None:
    bench = make_bench(profile)
    bench.platform.fault("status", method=method, path="/api/", status=429, times=2)
    bench.run("apply", "qa").shows("live on 5 of 5 apps")
    assert max(bench.writes().values()) <= 2


def test_a_limit_that_stays_used_up_ends_in_words(bench: Bench) -> None:
    bench.platform.fault("status", method="GET", path="/api/", status=429, times=0)
    bench.run("plan", "qa", expect=1).shows("limit", "run again later")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "html"},
        {"kind": "truncated-json"},
        {"kind": "empty-body"},
        {"kind": "drop-before"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_reading_that_fails_once_is_repeated_and_reading_that_fails_always_writes_nothing(
    applied: Bench, fault: dict[str, object]
) -> None:
    applied.change(*PORT)
    applied.platform.fault(path="/api/", method="GET", times=0, **fault)  # type: ignore[arg-type]
    before = applied.mark()
    said = applied.run("apply", "qa", expect=1)
    assert said.err.strip()
    assert applied.ledger(before) == []
    applied.platform.clear_faults()
    applied.platform.fault(path="/api/", method="GET", times=1, **fault)  # type: ignore[arg-type]
    applied.run("apply", "qa", expect=None)
    finishes(applied)
    assert max(applied.writes(before).values()) == 1


@pytest.mark.parametrize("kind", ["drop-after", "truncated-json", "html", "empty-body", "status", "drop-before"])
def test_a_write_whose_answer_is_lost_is_settled_by_reading(applied: Bench, kind: str) -> None:
    applied.change(*PORT)
    applied.platform.fault(kind, method="PATCH", path=STAGE)
    before = applied.mark()
    said = applied.run("apply", "qa", expect=None)
    assert said.code in (0, 1, 5), said
    finishes(applied)
    assert applied.writes(before)["PATCH", "QA"] == 1


@pytest.mark.parametrize("kind", ["drop-after", "truncated-json", "html", "empty-body", "status", "drop-before"])
def test_an_activation_whose_answer_is_lost_is_found(applied: Bench, kind: str) -> None:
    applied.change(*PORT)
    applied.platform.fault(kind, method="POST", path=OPERATIONS)
    before = applied.mark()
    said = applied.run("apply", "qa", expect=None)
    assert said.code in (0, 1, 5), said
    finishes(applied)
    assert max(applied.writes(before).values()) == 1


def test_a_write_that_is_accepted_and_not_stored_is_told(applied: Bench) -> None:
    applied.change(*PORT)
    applied.platform.fault("not-stored", method="PATCH", path=STAGE)
    before = applied.mark()
    applied.run("apply", "qa", expect=1).shows("server.port", "not accepted", "587")
    assert applied.writes(before) == {("PATCH", "QA"): 1}
    finishes(applied)


def test_a_third_value_is_told_with_the_mappings_option(applied: Bench) -> None:
    applied.change(*PORT)
    applied.platform.fault("third-value", method="PATCH", path=STAGE, value="2588")
    applied.run("apply", "qa", expect=1).shows("sent 2587", "shows 2588", "mapping")
    applied.run("apply", "qa", expect=4).shows("server.port=2588")


def test_a_failed_operation_says_the_platforms_own_words(applied: Bench) -> None:
    applied.change(*PORT)
    applied.platform.fault("apply-error", method="POST", path=OPERATIONS, message="Container image is missing.")
    said = applied.run("apply", "qa", expect=5)
    said.shows("Container image is missing.", "live on 4 of 5 apps")
    finishes(applied)


def test_an_operation_that_never_ends_is_left_to_the_next_run(make_bench: MakeBench) -> None:
    bench = make_bench("guid-live", speed=1000)
    bench.platform.fault("apply-hang", method="POST", path=OPERATIONS)
    bench.run("apply", "qa", expect=5).shows("still running on the platform")
    bench.run("status", "qa", expect=None)
    bench.run("plan", "qa", expect=None)
